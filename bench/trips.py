"""The floors: the empty function, with the bare round trips of our functions until their first
response."""

from testing.harness import shop
from bench import cold
from bench.subjects import Subject
from bench.surroundings import Surroundings

#: The floor's round trip for each request to Stripe.
STRIPE = {"HEAD": "greeting", "GET": "price", "POST": "intent"}


def floors(floor: Subject, trips: dict[str, list[str]], around: Surroundings) -> list[Subject]:
    """The floor with only the secret, and with the round trips of each kind of function."""
    named = {"floor + secret": ["secret"]} | {
        f"floor + {kind}'s trips": counted for kind, counted in trips.items()
    }
    return [with_trips(floor, name, counted, around) for name, counted in named.items()]


def of(subject: Subject, around: Surroundings, number: int) -> list[str]:
    """The requests of one cold start until its first response, counted by the stand-ins."""
    around.asked()
    cold.start(subject, around, number)
    return [trip(asked) for asked in around.asked()]


def trip(asked: str) -> str:
    """The bare round trip in place of a request to AWS or Stripe."""
    if asked.startswith("DynamoDB"):
        return "table"
    return "secret" if asked.startswith("secretsmanager") else STRIPE[asked]


def with_trips(floor: Subject, name: str, trips: list[str], around: Surroundings) -> Subject:
    """The floor with these round trips."""
    aws, stripe = (url.removeprefix("http://") for url in (around.aws_url, around.stripe.url))
    places = [f"{one}@{stripe if one in STRIPE.values() else aws}" for one in trips]
    variables = {"FLOOR_TRIPS": ",".join(places), "FLOOR_STRIPE_KEY": shop.SECRET_KEY}
    return Subject(name, floor.command, floor.files, variables)
