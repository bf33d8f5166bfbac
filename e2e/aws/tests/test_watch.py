"""`cargo lambda watch`: the functions at their real paths, built at the first request."""

import shlex
import tempfile
import unittest
from pathlib import Path

from e2e.aws.commands import LOCAL, block
from testing.harness.program import Program, environment, free_port
from testing.harness.shop import KEYS, request, signature, token

BODY = (
    b'{"id":"evt_1","object":"event","type":"a.b","created":1,"livemode":false,'
    b'"data":{"object":{}}}'
)


class Watch(unittest.TestCase):
    def start(self, **variables: str) -> tuple[Program, str]:
        """Starts it by the command of docs/local.md, with a free port and test variables; returns
        it and the API's URL."""
        folder, port = self.enterContext(tempfile.TemporaryDirectory()), free_port()
        [command] = [
            line for line in block(LOCAL, "cargo lambda watch").splitlines() if " watch " in line
        ]
        words = shlex.split(command)
        words[words.index("--env-file") + 1] = str(Path(folder) / "local.env")
        lines = [f"{name}={value}\n" for name, value in variables.items()]
        Path(folder, "local.env").write_text("".join(lines).replace("FOLDER", folder))
        watch = Program(
            [*words, "--disable-cors", "-P", str(port)], environment(), Path(folder) / "watch.log"
        )
        self.addCleanup(watch.stop)
        watch.wait_for_port(port)
        return watch, f"http://127.0.0.1:{port}/api"

    def test_a_function_without_settings_answers_at_once_and_says_why_in_the_terminal(self):
        watch, api = self.start()
        answer = request("GET", f"{api}/order?id=web-1042")
        self.assertEqual(answer.status, 500)
        self.assertIn("DATABASE_URL is not set", watch.output())

    def test_every_route_is_served_under_its_path(self):
        watch, api = self.start(**KEYS, DATABASE_URL="sqlite:FOLDER/farebox.sqlite")
        known = {"Authorization": f"Bearer {token('ada')}"}

        received = request(
            "POST", f"{api}/webhooks/stripe", BODY, {"Stripe-Signature": signature(BODY)}
        )
        forged = request(
            "POST", f"{api}/webhooks/stripe", BODY, {"Stripe-Signature": signature(BODY + b" ")}
        )
        order = request("GET", f"{api}/order?id=web-1042", headers=known)
        created = request("POST", f"{api}/create-intent", b'{"amount":1}', known)

        self.assertEqual(
            (received.status, received.text), (200, '{"received":true}'), watch.output()
        )
        self.assertEqual((forged.status, forged.json["error"]["code"]), (400, "bad_signature"))
        self.assertEqual((order.status, order.json["error"]["code"]), (404, "not_found"))
        self.assertEqual(created.status, 400)
        self.assertIn("amount", created.json["error"]["message"])
        self.assertEqual(request("GET", f"{api}/elsewhere").status, 404)
