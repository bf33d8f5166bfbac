"""Tests the functions by openapi.json: see `e2e.openapi.run`."""
