"""Run by `scripts/test-aws`."""
