"""Tests of a deployment on Vercel."""
