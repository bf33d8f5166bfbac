"""nginx and Caddy in front of `farebox serve`, by the files of deploy/."""

import http.server
import os
import re
import shutil
import socket
import ssl
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

from e2e.server.proxy import Caddy, Nginx, Proxy
from testing.harness.payment import pay
from testing.harness.program import Program, environment, wait_until
from testing.harness.shop import KEYS, Stripe, request
from testing.harness.workspace import WORKSPACE

MEBIBYTE = 1024 * 1024


class Echo(http.server.ThreadingHTTPServer):
    """A server that keeps the requests that it got as a whole."""

    def __init__(self):
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = int(headers.get("content-length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            return  # It broke off.
        self.server.requests.append((self.path, headers, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class Cases:
    """What holds for each proxy."""

    kind: type[Proxy]
    #: The status for a body that is too large.
    too_large = {413}

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def start(self, upstream: int) -> Proxy:
        """Starts the proxy, and trusts its certificate."""
        proxy = self.kind(self.folder, upstream)
        self.addCleanup(proxy.stop)
        self.enterContext(mock.patch.dict(os.environ, SSL_CERT_FILE=str(proxy.certificate)))
        return proxy

    def over_echo(self) -> tuple[Proxy, Echo]:
        echo = Echo()
        self.addCleanup(echo.server_close)
        self.addCleanup(echo.shutdown)
        return self.start(echo.server_address[1]), echo

    def test_a_payment_goes_through_it(self):
        stripe = Stripe(self.folder)
        self.addCleanup(stripe.stop)
        settings = KEYS | {
            "DATABASE_URL": f"sqlite:{self.folder}/farebox.sqlite",
            "STRIPE_API_BASE": stripe.url,
            "FAREBOX_NOTIFY_URL": "log:",
            "FAREBOX_RETURN_ORIGINS": "https://shop.example",
            "FAREBOX_CLIENT_ADDRESS": "header:x-real-ip",
        }
        program = str(WORKSPACE / "target" / "debug" / "farebox")
        command = [program, "serve", "--bind", "127.0.0.1:0"]
        server = Program(command, environment(**settings), self.folder / "server.log", self.folder)
        self.addCleanup(server.stop)
        listens = re.compile(r'"address":"127\.0\.0\.1:(\d+)"')
        server.wait_for("listening", lambda: listens.search(server.output()))
        proxy = self.start(int(listens.search(server.output())[1]))

        order = pay(f"{proxy.url}/api", stripe, "cart-1")

        self.assertEqual(order.json["status"], "paid", order.text)
        self.assertEqual(request("GET", f"{proxy.url}/healthz").status, 404)

    def test_the_body_arrives_as_it_was_sent_and_the_address_is_the_proxys(self):
        proxy, echo = self.over_echo()
        body = b'{ "a":\t"\xc3\xa9\xf0\x9f\x92\xb6",\r\n"b" : 1.0 }\r\n' + os.urandom(256 * 1024)
        forged = {"X-Real-IP": "203.0.113.1", "X-Forwarded-For": "203.0.113.2"}

        sent = request("POST", f"{proxy.url}/api/webhooks/stripe?a=%2F", body, forged)

        self.assertEqual(sent.status, 200)
        [(path, headers, received)] = echo.requests
        self.assertEqual(path, "/api/webhooks/stripe?a=%2F")
        self.assertEqual(received, body)
        self.assertEqual(headers["x-real-ip"], "127.0.0.1")
        self.assertEqual(headers["x-forwarded-for"], "127.0.0.1")

    def test_a_body_above_a_mebibyte_is_refused_and_none_below(self):
        proxy, echo = self.over_echo()
        url = f"{proxy.url}/api/webhooks/stripe"

        self.assertEqual(request("POST", url, bytes(MEBIBYTE)).status, 200)
        try:
            self.assertIn(request("POST", url, bytes(MEBIBYTE + 1)).status, self.too_large)
        except OSError:
            pass  # It may close the connection while the body is under way.

        self.assertEqual([len(body) for _, _, body in echo.requests], [MEBIBYTE])

    def test_a_request_goes_on_when_all_of_it_is_there(self):
        proxy, echo = self.over_echo()
        context = ssl.create_default_context(cafile=proxy.certificate)
        plain = socket.create_connection(("127.0.0.1", proxy.port), timeout=20)
        with context.wrap_socket(plain, server_hostname="localhost") as slow:
            head = "POST /api/refund HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n"
            slow.sendall(head.encode() + b"12345")
            # Another request that passes in the meantime shows that the first one waits.
            other = request("POST", f"{proxy.url}/api/cancel", b"other")
            self.assertEqual(other.status, 200)
            self.assertEqual([path for path, *_ in echo.requests], ["/api/cancel"])
            slow.sendall(b"67890")
            self.assertIn(b"200 OK", slow.recv(1024))

        wait_until("it arrives", lambda: len(echo.requests) == 2)
        self.assertEqual(echo.requests[1][2], b"1234567890")


@unittest.skipUnless(shutil.which("nginx"), "nginx is not installed")
class WithNginx(Cases, unittest.TestCase):
    kind = Nginx


@unittest.skipUnless(shutil.which("caddy"), "caddy is not installed")
class WithCaddy(Cases, unittest.TestCase):
    kind = Caddy
    # Where Caddy buffers, 2.6 does not tell a body that is too large from one that breaks off.
    too_large = {413, 502}


if __name__ == "__main__":
    unittest.main()
