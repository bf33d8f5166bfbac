"""Tests the functions by their description: see `interface.run`."""
