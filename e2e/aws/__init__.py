"""Tests of the AWS part: `template.yaml`, its events, and the stack on a stand-in for AWS."""
