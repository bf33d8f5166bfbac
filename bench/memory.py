"""Memory after 500 requests, and the size of a deployment."""

import zipfile
from typing import Any

from bench import calls, load
from bench.host import LambdaHost
from bench.subjects import Subject
from bench.surroundings import Surroundings


def measure(
    subjects: list[Subject], around: Surroundings, host: LambdaHost, requests: int, first: int
) -> dict[str, Any]:
    """Peak resident set in bytes, of one instance on Lambda's API."""
    found = {}
    for subject in subjects:
        running = host.start(subject)
        try:
            serve(subject, around, running.url, requests, first)
            found[subject.name] = running.peak_memory()
        finally:
            running.stop()
        first += requests
    return found


def serve(subject: Subject, around: Surroundings, url: str, requests: int, first: int) -> Any:
    """Sends this function's own requests, by one client."""
    if subject.kind == "webhook":
        return load.deliver(
            around,
            subject,
            [url],
            "8 kB",
            is_lambda=True,
            clients=1,
            requests=requests,
            first=first,
        )
    words = [*calls.words(subject, around), "--first", str(first)]
    return load.send(around, [url], words, 1, requests)


def sizes(subjects: list[Subject], around: Surroundings) -> dict[str, Any]:
    """The bytes of a deployment, and of its zip with the best compression."""
    level = 1 if around.built.is_quick else 9
    found = {}
    for subject in subjects:
        path = around.folder / "deployed.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
            for file in subject.files:
                archive.write(file)
        plain = sum(file.stat().st_size for file in subject.files)
        found[subject.name] = {"bytes": plain, "zip": path.stat().st_size}
    return found
