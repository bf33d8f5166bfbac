"""Lambda's runtime API as a loop, with HTTP API events."""

import base64
import http.client
import json
import os
import sys


def serve(handler):
    """Serves `handler(headers, body)`, which returns a status and a JSON body."""
    address, _, prefix = os.environ["AWS_LAMBDA_RUNTIME_API"].removeprefix("http://").partition("/")
    base = f"/{prefix}/2018-06-01".replace("//", "/") + "/runtime/invocation"
    connection = http.client.HTTPConnection(address)
    while True:
        connection.request("GET", f"{base}/next")
        response = connection.getresponse()
        request_id = response.headers["lambda-runtime-aws-request-id"]
        event = json.loads(response.read())
        body = (
            base64.b64decode(event["body"])
            if event.get("isBase64Encoded")
            else event["body"].encode()
        )
        try:
            status, answer = handler(event["headers"], body)
        except Exception as error:
            print(type(error).__name__, error, file=sys.stderr)
            status, answer = 503, {"error": "unavailable"}
        result = {
            "statusCode": status,
            "headers": {"content-type": "application/json"},
            "body": json.dumps(answer),
        }
        connection.request("POST", f"{base}/{request_id}/response", json.dumps(result))
        connection.getresponse().read()
