"""Tests of the functions as Vercel's CLI builds and runs them, without an account and without a
network."""
