"""Tests of the files in deploy/ for a server: the proxies' configurations and the systemd unit."""
