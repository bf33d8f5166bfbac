"""End-to-end tests: the AWS stack, Vercel, a browser, other clients, and the API by its
description."""
