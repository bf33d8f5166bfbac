"""Benchmarks of the functions and their alternatives: `./scripts/bench`."""
