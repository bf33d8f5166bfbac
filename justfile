# The commands of the README, by short names. `just` lists them.

_:
    @just --list

# The shop, the functions and a Stripe sandbox on this machine
dev *options:
    cargo dev {{options}}

# Checks the settings of a deployment
doctor:
    cargo dev doctor

# Generates the files that the code defines
generate:
    cargo dev generate

# Every check; `just test --quick` leaves out Node, Python and the browser
test *options:
    ./scripts/test {{options}}

# Runs the benchmarks and writes docs/benchmarks.md
bench *parts:
    ./scripts/bench {{parts}}
