"""What the functions cost, side by side with what else one would pick: `./scripts/bench`."""
