"""A relay between a program and a server: a network that can fail, and a clock that can be
wrong."""

import json
import sys
import threading
from datetime import UTC, datetime
from email.utils import formatdate
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

#: The clock skew in seconds that AWS accepts in a signature.
TOLERANCE = 300

#: Hop-by-hop headers, which are not forwarded.
OF_A_CONNECTION = {
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "transfer-encoding",
}


class Relay:
    """Forwards requests to `target` while it is up."""

    def __init__(self, target: str):
        self._target = urlsplit(target).netloc
        #: While false, connections close without a response.
        self.is_up = True
        #: The seconds by which the target's clock is ahead of this machine's.
        self.ahead = 0
        #: The keys of the items put into DynamoDB through the relay.
        self.put: set[str] = set()

        class Handler(Handling):
            relay = self

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()

    def now(self) -> float:
        """The target's time, in Unix seconds."""
        return datetime.now(UTC).timestamp() + self.ahead

    def passed(self, method: str, path: str, body: bytes, headers: dict[str, str]):
        """Forwards a request; returns status, headers and body."""
        self.put |= (
            put_by(body) if headers.get("x-amz-target", "").startswith("DynamoDB") else set()
        )
        connection = HTTPConnection(self._target, timeout=60)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def stop(self) -> None:
        """Stops it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def put_by(body: bytes) -> set[str]:
    """The keys of the items that a request puts, alone or in a transaction."""
    asked = json.loads(body)
    puts = [write.get("Put", {}) for write in asked.get("TransactItems", [])]
    return {put["Item"]["pk"]["S"] for put in [asked, *puts] if "Item" in put}


class Server(ThreadingHTTPServer):
    """A closed connection is not an error."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handling(BaseHTTPRequestHandler):
    """One request for each connection, so that a stopped relay rejects the next request."""

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
        sent = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in OF_A_CONNECTION
        }
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
        """Logs nothing: a test shows its own failures."""


#: AWS's error for a signature with a wrong time.
SKEWED = json.dumps(
    {"__type": "InvalidSignatureException", "message": "Signature expired"}
).encode()


def seconds(time: str) -> float:
    """Converts AWS's time format, such as `20261122T000000Z`, to Unix seconds."""
    return datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
