"""Tests in containers, under `scripts/containers`: the image of the server, and `sam local`, which
uses the build of `e2e/aws/tests` and runs after it."""
