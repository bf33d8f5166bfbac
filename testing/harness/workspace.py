"""The workspace's folder, and the region of all stand-ins."""

from pathlib import Path

REGION = "eu-central-1"
WORKSPACE = Path(__file__).resolve().parents[2]
