"""The common harness of the Python tests and the benchmarks: programs, a shop, stand-ins for AWS
and Lambda."""
