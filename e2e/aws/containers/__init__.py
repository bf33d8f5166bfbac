"""Tests in containers, under `scripts/containers`. They use the build of `e2e/aws/tests`, and run
after it."""
