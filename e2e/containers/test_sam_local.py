"""`sam local`, by the commands of docs/local.md and docs/deploy-aws.md: each function, and a
payment."""

import json
import os
import shlex
import tempfile
import unittest
from pathlib import Path
from typing import Any

from e2e.aws import template
from testing.harness import shop
from e2e.aws.build import made
from e2e.aws.commands import GUIDE, LOCAL, block, shell
from e2e.containers.images import PROGRAM, make_sam_image
from e2e.containers.postgres import create_database
from testing.harness.payment import pay
from testing.harness.program import Program, environment, free_port, run
from testing.harness.shop import KEYS, Answer, Stripe
from testing.harness.stand_in import CREDENTIALS, StandIn
from e2e.aws.table import Table
from testing.harness.workspace import REGION, WORKSPACE

READ = template.read()

#: The sandbox's port of `cargo dev`. The containers' network is separate, so that the port is free
#: there.
SANDBOX_PORT = 12111

#: The response of each function without a route, or a field of it.
SCHEDULED: dict[str, Any] = {"notify": {"batchItemFailures": []}, "reconcile": "complete"}

#: The status of each route by its authentication, for an event without a fresh token or signature.
STALE = {"callerToken": 401, "stripeSignature": 400}


def answers() -> dict[str, Any]:
    """The expected response of each function."""
    paths = json.loads((WORKSPACE / "openapi.json").read_text())["paths"]
    routes = {}
    for method, path, name in template.routes(READ):
        [scheme] = [scheme for one in paths[path][method.lower()]["security"] for scheme in one]
        routes[template.folder_of(template.functions(READ)[name])] = STALE[scheme]
    return routes | SCHEDULED


def variables(**more: str) -> dict[str, str]:
    """The variables of a reader's shell, with the tools and images already present."""
    here = {"SAM_TEMPLATE_FILE": str(made() / "template.yaml"), "SAM_SKIP_PULL_IMAGE": "1"}
    return environment(DOCKER_HOST=os.environ["DOCKER_HOST"], **here, **more)


class SamLocal(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.stripe = Stripe(cls.folder, port=SANDBOX_PORT)
        cls.addClassCleanup(cls.stripe.stop)
        cls.aws = StandIn(cls.folder)
        cls.addClassCleanup(cls.aws.stop)
        # SAM does not forward an AWS address. `localhost` is this machine, by --add-host.
        make_sam_image(AWS_ENDPOINT_URL=cls.aws.url.replace("127.0.0.1", "localhost"))
        secrets = cls.aws.client("secretsmanager")
        secrets.create_secret(Name="farebox-test", SecretString=json.dumps(KEYS))

    def test_the_command_of_the_guide_runs_each_function_without_an_account(self):
        lines = block(LOCAL, "alias invoke=").splitlines()
        [shown] = [line for line in lines if line.startswith("invoke ")]
        before = [line for line in lines[: lines.index(shown)] if line != "sam build"]
        example = Path(shlex.split(shown)[-1]).stem
        expected = answers()
        self.assertEqual(set(expected), template.folders())
        for name, answer in expected.items():
            with self.subTest(name):
                command = shown.replace(template.logical_id(example), template.logical_id(name))
                command = command.replace(f"/{example}.json", f"/{name}.json")
                script = "\n".join([block(LOCAL, "target/local.env <<"), *before, command])
                ran = shell(script.replace("host-gateway", os.environ["HOST_GATEWAY"]), variables())
                self.assert_answer(answer, ran.stdout, ran.stderr)

    def assert_answer(self, expected: Any, output: str, said: str) -> None:
        """Asserts the response of a function, and that it logged no error."""
        try:
            got = json.loads(output)
        except ValueError:
            self.fail(f"no response:\n{output}{said}")
        match expected:
            case int(status):
                self.assertEqual(got.get("statusCode"), status, got)
            case str(field):
                self.assertTrue(got.get(field), got)
            case answer:
                self.assertEqual(got, answer)
        self.assertNotIn('"level":"ERROR"', said)
        self.assertNotIn("could not start", said)

    def test_a_payment_goes_through_the_api_over_the_secret_and_the_table_of_a_stack(self):
        Table(self.aws, "farebox-local")
        api = self.start_api("dynamodb:farebox-local")
        order = pay(api, self.stripe, "cart-1", self.request)

        self.assertEqual(order.json["status"], "paid")

    def test_a_payment_goes_through_the_api_over_postgres(self):
        direct, pooled = create_database("sam_local")
        settings = environment(DATABASE_URL=direct)
        run([PROGRAM, "migrate"], settings, self.folder, seconds=60)
        api = self.start_api(pooled)

        order = pay(api, self.stripe, "cart-2", self.request)

        self.assertEqual(order.json["status"], "paid")

    def start_api(self, database: str) -> str:
        """Starts the API by the guide's commands, with this test's names."""
        port, log = free_port(), self.folder / "api.log"
        commands = (
            block(GUIDE, "sam local start-api")
            .replace("dynamodb:TABLE", database)
            .replace("us-east-1", REGION)
        )
        options = f"--port {port} --add-host localhost:{os.environ['HOST_GATEWAY']}"
        ours = CREDENTIALS | {
            "STRIPE_API_BASE": f"http://localhost:{SANDBOX_PORT}",
            "AWS_ENDPOINT_URL": self.aws.url,
        }
        ran = Program(["bash", "-euc", f"{commands.strip()} {options}"], variables(**ours), log)
        self.addCleanup(ran.stop)
        self.say = ran.output
        ran.wait_for_port(port)
        return f"http://127.0.0.1:{port}/api"

    def request(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        """Sends a request to the API; shows SAM's output if it fails."""
        answer = shop.request(method, url, body, headers)
        self.assertLess(answer.status, 500, answer.text + self.say())
        return answer


if __name__ == "__main__":
    unittest.main()
