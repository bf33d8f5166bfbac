"""Stands between a program and what it calls: a network that can fail, and a clock that can be off."""

import json
import sys
import threading
from datetime import UTC, datetime
from email.utils import formatdate
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

#: Seconds by which AWS lets the time of a signature differ from its own.
TOLERANCE = 300

#: Headers of one connection, which are not passed on to the other.
OF_A_CONNECTION = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}


class Relay:
    """Passes requests to `target`, as long as it is up."""

    def __init__(self, target: str):
        self._target = urlsplit(target).netloc
        #: While it is not, connections end without an answer.
        self.is_up = True
        #: Seconds by which the clock behind it is ahead of this machine's.
        self.ahead = 0
        #: The keys of the items that were put into DynamoDB through it.
        self.put: set[str] = set()

        class Handler(Handling):
            relay = self

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def now(self) -> float:
        """The time behind it, in Unix seconds."""
        return datetime.now(UTC).timestamp() + self.ahead

    def passed(self, method: str, path: str, body: bytes, headers: dict[str, str]):
        """What the target answers: a status, headers and a body."""
        self.put |= put_by(body) if headers.get("x-amz-target", "").startswith("DynamoDB") else set()
        connection = HTTPConnection(self._target, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def stop(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def put_by(body: bytes) -> set[str]:
    """The keys of the items that a request puts, alone or in a transaction."""
    asked = json.loads(body)
    puts = [write.get("Put", {}) for write in asked.get("TransactItems", [])]
    return {put["Item"]["pk"]["S"] for put in [asked, *puts] if "Item" in put}


class Server(ThreadingHTTPServer):
    """Connections that the other side gave up are no errors."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handling(BaseHTTPRequestHandler):
    """One connection, with one request: what is refused later was not connected before."""

    relay: Relay

    def handle_one_request(self) -> None:
        if self.relay.is_up:
            super().handle_one_request()

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        signed_at = self.headers.get("X-Amz-Date")
        if signed_at and abs(seconds(signed_at) - self.relay.now()) > TOLERANCE:
            self._answer(400, [], SKEWED)
            return
        sent = {name: value for name, value in self.headers.items() if name.lower() not in OF_A_CONNECTION}
        self._answer(*self.relay.passed(self.command, self.path, body, sent))

    do_POST = do_DELETE = do_GET

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in OF_A_CONNECTION:
                self.send_header(name, value)
        self.send_header("Date", formatdate(self.relay.now(), usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the test tells what it saw."""


#: What AWS answers to a signature of another time.
SKEWED = json.dumps({"__type": "InvalidSignatureException", "message": "Signature expired"}).encode()


def seconds(time: str) -> float:
    """Unix seconds of a time as AWS writes it, such as `20261122T000000Z`."""
    return datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
