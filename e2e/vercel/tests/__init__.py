"""Tests of what is deployed on Vercel."""
