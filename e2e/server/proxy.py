"""A reverse proxy with its file of deploy/, on a free port, with a certificate for `localhost`."""

import re
import subprocess
from pathlib import Path

from testing.harness.program import Program, environment, free_port, run
from testing.harness.workspace import WORKSPACE


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """`text` with each first of a pair, which it must have, replaced by the second."""
    for old, new in pairs:
        assert old in text, f"the file has no {old!r}"
        text = text.replace(old, new)
    return text


class Proxy:
    """A proxy in front of the server on `upstream`, a port."""

    def __init__(self, folder: Path, upstream: int):
        self.folder = folder
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.certificate, self.key = folder / "certificate.pem", folder / "key.pem"
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
        command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        command += ["-keyout", str(self.key), "-out", str(self.certificate)]
        run(command, environment(), folder, seconds=60)
        check, serve = self._commands(upstream)
        variables = environment(HOME=str(folder), XDG_DATA_HOME=str(folder))
        run(check, variables, folder, seconds=60)
        self._program = Program(serve, variables, folder / "proxy.log", folder)
        self._program.wait_for_port(self.port)

    def _commands(self, upstream: int) -> tuple[list[str], list[str]]:
        """Writes the configuration; returns the commands that check it and that serve."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stops it."""
        self._program.stop()


class Nginx(Proxy):
    """nginx with deploy/nginx/farebox.conf in its `http` block."""

    def _commands(self, upstream: int) -> tuple[list[str], list[str]]:
        site = replaced(
            (WORKSPACE / "deploy" / "nginx" / "farebox.conf").read_text(),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            ("    listen [::]:443 ssl;\n", ""),
            ("/etc/letsencrypt/live/pay.example.com/fullchain.pem", str(self.certificate)),
            ("/etc/letsencrypt/live/pay.example.com/privkey.pem", str(self.key)),
            ("server 127.0.0.1:8080;", f"server 127.0.0.1:{upstream};"),
        )
        kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        places = " ".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        # Its workers' own user cannot enter the folder.
        whole = f"user root; daemon off; pid {self.folder}/pid; events {{}}\n"
        whole += f"http {{ access_log off; {places}\n{site}}}\n"
        file = self.folder / "nginx.conf"
        file.write_text(whole)
        command = ["nginx", "-e", "stderr", "-c", str(file)]
        return [*command, "-t"], command


class Caddy(Proxy):
    """Caddy with deploy/caddy/Caddyfile."""

    def _commands(self, upstream: int) -> tuple[list[str], list[str]]:
        site = f"{self.url} {{\n\tbind 127.0.0.1\n\ttls {self.certificate} {self.key}\n"
        text = replaced(
            (WORKSPACE / "deploy" / "caddy" / "Caddyfile").read_text(),
            ("\n{\n", "\n{\n\tadmin off\n\tauto_https disable_redirects\n"),
            ("pay.example.com {\n", site),
            ("127.0.0.1:8080", f"127.0.0.1:{upstream}"),
        )
        if self._version() < (2, 7):
            text = replaced(text, ("request_buffers 1MiB", "buffer_requests"))
        file = self.folder / "Caddyfile"
        file.write_text(text)
        options = ["--config", str(file), "--adapter", "caddyfile"]
        return ["caddy", "validate", *options], ["caddy", "run", *options]

    def _version(self) -> tuple[int, ...]:
        said = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True)
        found = re.match(r"v?(\d+)\.(\d+)", said.stdout)
        assert found, said.stdout
        return tuple(int(part) for part in found.groups())
