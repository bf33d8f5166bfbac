"""Vercel: the functions as its own tool builds and runs them, without an account and without a network."""
