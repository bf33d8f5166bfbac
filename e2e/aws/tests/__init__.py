"""The AWS tests, which `scripts/test` runs last."""
