"""What runs in containers, under `scripts/containers`, after `aws/tests`, whose build it uses."""
