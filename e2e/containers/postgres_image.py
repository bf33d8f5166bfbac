"""An image of this machine's Postgres that starts as the official one does."""

import subprocess
import tempfile
from pathlib import Path

from e2e.containers.images import import_image, libraries

#: What the official image does with the variables of compose.yaml.
START = """\
#!/bin/sh
set -eu
data=/var/lib/postgresql/data
if [ ! -e $data/PG_VERSION ]; then
  echo "$POSTGRES_PASSWORD" >/home/password
  initdb --pgdata=$data --username="$POSTGRES_USER" --pwfile=/home/password $POSTGRES_INITDB_ARGS
  echo "CREATE DATABASE $POSTGRES_USER" | postgres --single -D $data postgres
fi
exec postgres -D $data -k /var/run/postgresql
"""

DOCKERFILE = """\
FROM localhost/postgres-files
COPY passwd /etc/passwd
COPY start /start
COPY --chown=999:999 empty /home
COPY --chown=999:999 empty /var/lib/postgresql/data
COPY --chown=999:999 empty /var/run/postgresql
USER 999
STOPSIGNAL SIGINT
ENTRYPOINT ["/start"]
"""


def make_postgres_image(name: str) -> None:
    """Builds the image."""
    home = sorted(Path("/usr/lib/postgresql").iterdir())[-1]
    names = ["initdb", "postgres", "pg_isready", "psql", "pg_dump", "pg_restore"]
    programs = [home / "bin" / one for one in names]
    folders = [home / "lib", Path("/usr/share/postgresql", home.name), Path("/usr/share/zoneinfo")]
    wanted = [str(path).lstrip("/") for path in [*programs, *folders]]
    # The just-in-time compiler needs libraries that are larger than the rest.
    files = ["--exclude=*llvm*", "--exclude=bitcode", "--directory=/", "bin/sh"]
    files += [*libraries(*programs, Path("/bin/sh")), *wanted]
    import_image("localhost/postgres-files", files, [f"ENV PATH={home}/bin"])
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "start").write_text(START)
        Path(folder, "start").chmod(0o755)
        Path(folder, "passwd").write_text("postgres:x:999:999::/home:/bin/sh\n")
        Path(folder, "empty").mkdir()
        Path(folder, "Dockerfile").write_text(DOCKERFILE)
        build = ["podman", "build", "--quiet", "--format=docker", f"--tag={name}", folder]
        subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
