# The commands of the README, by short names. `just` lists them.

_:
    @just --list

# The shop, the functions and a Stripe sandbox on this machine
dev *options:
    cargo dev {{options}}

# Checks the settings of a deployment
doctor:
    cargo dev doctor

# Writes what is made from the code anew
generate:
    cargo dev generate

# Every check; `just test --quick` leaves out what needs Node, Python and a browser
test *options:
    ./scripts/test {{options}}

# Measures the functions and writes docs/benchmarks.md
bench *parts:
    ./scripts/bench {{parts}}
