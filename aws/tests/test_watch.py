"""`cargo lambda watch`: the functions under their real paths, built when they are asked for."""

import tempfile
import unittest
from pathlib import Path

from aws.program import Program, environment, free_port
from aws.shop import KEYS, request, signature, token

BODY = b'{"id":"evt_1","object":"event","type":"a.b","created":1,"livemode":false,"data":{"object":{}}}'


class Watch(unittest.TestCase):
    def test_every_route_is_served_under_its_path(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        port = free_port()
        command = ["cargo", "lambda", "watch", "--disable-cors", "-A", "127.0.0.1", "-P", str(port)]
        variables = KEYS | {"FAREBOX_LEDGER": f"sqlite:{folder}/farebox.sqlite"}
        watch = Program(command, environment(**variables), Path(folder) / "watch.log")
        self.addCleanup(watch.stop)
        watch.wait_for_port(port)
        api = f"http://127.0.0.1:{port}/api"
        known = {"Authorization": f"Bearer {token('ada')}"}

        received = request("POST", f"{api}/webhooks/stripe", BODY, {"Stripe-Signature": signature(BODY)})
        forged = request("POST", f"{api}/webhooks/stripe", BODY, {"Stripe-Signature": signature(BODY + b" ")})
        order = request("GET", f"{api}/order?id=web-1042", headers=known)
        created = request("POST", f"{api}/create-intent", b'{"amount":1}', known)

        self.assertEqual((received.status, received.text), (200, '{"received":true}'), watch.output())
        self.assertEqual((forged.status, forged.json["error"]["code"]), (400, "bad_signature"))
        self.assertEqual((order.status, order.json["error"]["code"]), (404, "not_found"))
        self.assertEqual(created.status, 400)
        self.assertIn("amount", created.json["error"]["message"])
        self.assertEqual(request("GET", f"{api}/elsewhere").status, 404)
