"""What runs in containers, under `scripts/containers`, after `e2e/aws/tests`, whose build it uses."""
