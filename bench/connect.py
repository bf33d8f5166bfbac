"""The processor time of a new connection to Postgres."""

from bench import load
from bench.host import Running, plain
from bench.subjects import Subject
from bench.surroundings import Surroundings


def measure(
    subject: Subject, around: Surroundings, requests: int, first: int
) -> dict[str, float]:
    """Milliseconds of a running function for a request that opens a connection, beyond those for
    one that finds it open."""
    running = plain(subject, around)
    try:
        reused = spent(running, around, requests, first, is_new=False)
        opened = spent(running, around, requests, first + requests, is_new=True)
    finally:
        running.stop()
    return {"cpu_ms": (opened - reused) / requests}


def spent(
    running: Running, around: Surroundings, requests: int, first: int, *, is_new: bool
) -> float:
    """The function's processor time for requests one after another, in milliseconds."""
    before = running.processor_ms()
    for number in range(first, first + requests):
        if is_new:
            around.postgres.end_connections(running.subject.database)
        load.deliver(
            around,
            running.subject,
            [running.url],
            "1 kB",
            is_lambda=False,
            clients=1,
            requests=1,
            first=number,
        )
    return running.processor_ms() - before
