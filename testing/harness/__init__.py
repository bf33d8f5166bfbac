"""What the tests in Python and the benchmarks share: programs, a shop, stand-ins for AWS and for Lambda."""
