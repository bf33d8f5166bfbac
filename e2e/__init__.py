"""Drives the real thing from outside: the stack, Vercel, a browser, foreign clients, the API by its document."""
