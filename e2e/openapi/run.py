"""Sends every route of openapi.json valid and invalid requests, without a token and as each kind of
caller.

No response may be a server error, and every response must match the description: its status, its
type, its headers and its shape. The requests are the same in each run.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from e2e.openapi.shop import METER, Shop, token
from testing.harness.workspace import WORKSPACE

#: The number of random requests of each kind of caller to each route, in addition to edge cases.
EXAMPLES = 30
SEED = 1
#: The kinds of callers: without a token or signature, with a token of a role, and with Stripe's
#: signature.
NOBODY, ROLES, STRIPE = "nobody", ["customer", "support", "finance", "server"], "stripe"
WEBHOOK = "/api/webhooks/stripe"
#: A valid schema does not make a request valid: `items` and `order` exclude each other.
UNCHECKED = ["positive_data_acceptance"]
#: The webhook accepts every signed body, and quarantines one that it cannot read. The hooks sign
#: every request, so that none lacks the header.
UNCHECKED_OF_STRIPE = [
    *UNCHECKED,
    "negative_data_rejection",
    "missing_required_header",
    "ignored_auth",
]


def world(shop: Shop) -> dict[str, list]:
    """Creates orders and customers to query, and events to deliver."""
    shop.reconcile()
    paid = [shop.paid_order("ada", f"paid-{number}") for number in range(3)]
    opened, _ = shop.open_order("ada", "opened")
    another, _ = shop.open_order("eve", "another")
    authorized = [shop.authorized_order("ada", f"held-{number}") for number in range(6)]
    subscriptions = shop.subscriptions("ada", 12)
    shop.meter(METER)
    customers = [customer["id"] for customer in shop.ask_stripe("/v1/customers?limit=10")["data"]]
    return {
        "orders": [*paid, opened, another],
        "authorized": authorized,
        "customers": customers,
        "subscriptions": subscriptions,
        "events": shop.events(),
    }


def options(caller: str) -> list[str]:
    """The options for a kind of caller."""
    if caller == NOBODY:
        return ["--exclude-checks", ",".join(UNCHECKED)]
    if caller == STRIPE:
        return ["--include-path", WEBHOOK, "--exclude-checks", ",".join(UNCHECKED_OF_STRIPE)]
    bearer = f"Authorization: Bearer {token('ada', [caller])}"
    return ["--header", bearer, "--exclude-path", WEBHOOK, "--exclude-checks", ",".join(UNCHECKED)]


def run(shop: Shop, caller: str, prepared: dict[str, list]) -> Counter[str]:
    """The number of responses of each route to `caller` by status; raises if a response does not
    match the description."""
    answers = Path(shop.folder.name) / f"answers-{caller}"
    # It is more than a variable of the environment may hold.
    world = Path(shop.folder.name) / f"world-{caller}.json"
    world.write_text(json.dumps(prepared), encoding="utf-8")
    command = [
        Path(sys.executable).parent / "st",
        "run",
        WORKSPACE / "openapi.json",
        "--url",
        shop.url,
        "--seed",
        str(SEED),
        "--max-examples",
        str(EXAMPLES),
        "--phases",
        "examples,coverage,fuzzing",
        "--checks",
        "all",
        "--continue-on-failure",
        "--no-color",
        "--warnings",
        "off",
        "--generation-deterministic",
        "--suppress-health-check",
        "all",
        *options(caller),
    ]
    variables = {
        "INTERFACE_CALLER": caller,
        "INTERFACE_WORLD": str(world),
        "INTERFACE_ANSWERS": str(answers),
        "SCHEMATHESIS_HOOKS": "e2e.openapi.hooks",
        "PYTHONPATH": str(WORKSPACE),
    }
    done = subprocess.run(
        command,
        cwd=shop.folder.name,
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise SystemExit(
            f"{done.stdout}\nerror: a response to {caller} does not match openapi.json"
        )
    return Counter(answers.read_text(encoding="utf-8").splitlines())


def routes() -> list[str]:
    """Every route of openapi.json, such as `GET /api/order`."""
    described = json.loads((WORKSPACE / "openapi.json").read_text(encoding="utf-8"))["paths"]
    return [f"{method.upper()} {path}" for path, methods in described.items() for method in methods]


def summary(caller: str, answered: Counter[str]) -> str:
    """A line for each route, with its responses by status."""
    lines = []
    for route in routes():
        of_route = sorted(answer for answer in answered if answer.startswith(f"{route} "))
        statuses = [f"{answer.rsplit(' ', 1)[1]} x {answered[answer]}" for answer in of_route]
        if statuses:
            lines.append(f"{caller:10}{route:28}{', '.join(statuses)}")
    return "\n".join(lines)


def main() -> None:
    total: Counter[str] = Counter()
    with Shop() as shop:
        prepared = world(shop)
        for caller in [NOBODY, *ROLES, STRIPE]:
            answered = run(shop, caller, prepared)
            print(summary(caller, answered), flush=True)
            total += answered
    if refused := [route for route in routes() if not total[f"{route} 200"]]:
        raise SystemExit(
            f"error: no request to {', '.join(refused)} succeeded, so that little of it was tested"
        )
    print(f"{total.total()} responses, all as in openapi.json")


if __name__ == "__main__":
    main()
