"""The last part of `scripts/test`."""
