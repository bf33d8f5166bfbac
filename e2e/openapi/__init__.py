"""Tests the functions by their description: see `e2e.openapi.run`."""
