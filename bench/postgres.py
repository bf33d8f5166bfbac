"""The Postgres server that scripts/postgres starts, and databases with few and with many orders."""

import os
import shutil
import subprocess
from pathlib import Path

from testing.harness.program import environment, run, wait_until
from bench.build import TLS, Built
from bench.events import EVENT, INTENT, NUMBER, ORDER

USER, PASSWORD = "payer", "the-password-of-the-benchmarks"

#: Seconds; a million orders take a minute.
PATIENCE = 1200

#: Unpaid orders: copies of one.
ORDERS = f"""
    WITH numbers AS (
        SELECT replace('{ORDER}', '{NUMBER}', n) AS id, replace('{INTENT}', '{NUMBER}', n) AS intent
        FROM (SELECT lpad(n::text, {len(NUMBER)}, '0') AS n
              FROM generate_series({{first}}, {{first}} + {{count}} - 1) AS n) AS texts
    ), intents AS (
        INSERT INTO farebox.intents (id, order_id) SELECT intent, id FROM numbers
    )
    INSERT INTO farebox.orders
        (id, version, owner, status, body, created_at, updated_at, deadline)
    SELECT numbers.id, version, owner, status,
           replace(replace(body, '{INTENT}', intent), '{ORDER}', numbers.id),
           created_at, updated_at, deadline
    FROM numbers, one.orders
"""

#: For each order a recent event. Its id sorts between those of the events to come.
EVENTS = f"""
    INSERT INTO farebox.events (id, type, outcome, received_at)
    SELECT replace('{EVENT}', '{NUMBER}', lpad(n::text, {len(NUMBER)}, '0')) || 'a',
           'payment_intent.created', 'applied', extract(epoch FROM now())
    FROM generate_series(0, {{count}} - 1) AS n
"""

#: For each order a recently delivered message, with an id like any other digest.
OUTBOX = f"""
    INSERT INTO farebox.outbox (id, type, body, order_id, state, created_at, due_at, delivered_at)
    SELECT 'msg_' || md5(n::text), 'order.payment_failed',
           format('{{{{"type":"order.payment_failed","orderId":"%s","note":"%s"}}}}', id,
                  lpad(n::text, 200, '0')),
           id, 'delivered', now, now, now
    FROM (SELECT n, replace('{ORDER}', '{NUMBER}', lpad(n::text, {len(NUMBER)}, '0')) AS id,
                 extract(epoch FROM now())::bigint AS now
          FROM generate_series(0, {{count}} - 1) AS n) AS numbers
"""


class Postgres:
    """The server of a run; it admits one user by SCRAM, and by TLS as well."""

    def __init__(self, built: Built, folder: Path):
        self.built, self.folder = built, folder
        self._server = os.environ["FAREBOX_TEST_POSTGRES"]
        self._psql = Path(os.environ["FAREBOX_TEST_POSTGRES_BIN"]) / "psql"
        self._host = self._server.rpartition("@")[2]
        self._admit()
        #: The database of which others are copies.
        self.one = self.url("one")
        self.sql("postgres", "CREATE DATABASE one")
        command = [built.ours("farebox"), "migrate"]
        run(command, environment(DATABASE_URL=self.one), folder, PATIENCE)

    def _admit(self) -> None:
        """Creates the user with a password, and a certificate."""
        hba = Path(self.sql("postgres", "SHOW hba_file"))
        rule = f"host all {USER} 127.0.0.1/32 scram-sha-256\n"
        hba.write_text(rule + hba.read_text())
        for name in ["certificate.pem", "key.pem"]:
            path = Path(shutil.copy(TLS / name, hba.parent))
            path.chmod(0o600)
            shutil.chown(path, hba.stat().st_uid)
        settings = {
            "password_encryption": "scram-sha-256",
            "ssl_cert_file": "certificate.pem",
            "ssl_key_file": "key.pem",
            "ssl": "on",
        }
        for name, value in settings.items():
            self.sql("postgres", f"ALTER SYSTEM SET {name} = '{value}'")
        self.sql("postgres", "SELECT pg_reload_conf()")
        wait_until("TLS", lambda: self.sql("postgres", "SHOW ssl") == "on")
        self.sql("postgres", f"CREATE ROLE {USER} SUPERUSER LOGIN PASSWORD '{PASSWORD}'")

    def url(self, database: str) -> str:
        """A database's URL with a password."""
        return f"postgres://{USER}:{PASSWORD}@{self._host}/{database}"

    def url_by_tls(self, database: str) -> str:
        """The same by TLS, with the server's certificate checked."""
        return f"{self.url(database)}?sslmode=verify-full&sslrootcert={TLS}/certificate.pem"

    def url_trusted(self, database: str) -> str:
        """A database's URL as a user whom the server trusts."""
        return f"{self._server}/{database}"

    def sql(self, database: str, text: str) -> str:
        """Runs statements as the server's owner; returns the last one's one value."""
        ran = subprocess.run(
            [self._psql, self.url_trusted(database), "-qAtX", "-v", "ON_ERROR_STOP=1"],
            env=environment(),
            input=text,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if ran.returncode != 0:
            raise RuntimeError(f"Postgres refused:\n{ran.stderr}")
        return ran.stdout.strip()

    def keep_order(self, deployment: str) -> None:
        """Makes the one order of `one` the original of all copies, and removes it; the database
        belongs to this deployment from now on."""
        self.sql(
            "one",
            f"""
            CREATE SCHEMA one;
            CREATE TABLE one.orders AS
                SELECT version, owner, status, replace(body, intents.id, '{INTENT}') AS body,
                       created_at, updated_at, deadline
                FROM farebox.orders JOIN farebox.intents ON order_id = orders.id;
            TRUNCATE farebox.orders, farebox.intents;
            UPDATE farebox.meta SET deployment = '{deployment}';
            """,
        )

    def copy(self, database: str, source: str = "one") -> str:
        """Creates a database as a copy of one that no process uses, in place of an earlier copy;
        returns its name."""
        self.sql(
            "postgres",
            f"""
            DROP DATABASE IF EXISTS {database} WITH (FORCE);
            CREATE DATABASE {database} TEMPLATE {source} STRATEGY file_copy;
            """,
        )
        return database

    def seed(self, database: str, first: int, count: int) -> None:
        """Inserts unpaid orders with these numbers."""
        self.sql(database, ORDERS.format(first=first, count=count))

    def fill(self, database: str, count: int) -> None:
        """Creates a database with so many unpaid orders, and a shop's usual events and messages
        before them."""
        self.copy(database)
        for statement in [ORDERS, EVENTS, OUTBOX]:
            self.sql(database, statement.format(first=0, count=count))
        self.sql(database, "VACUUM ANALYZE")

    def wait_for_deliveries(self, database: str) -> None:
        """Waits until every notification is delivered."""
        due = "SELECT count(*) FROM farebox.outbox WHERE state = 'due'"
        wait_until("the deliveries", lambda: self.sql(database, due) == "0", PATIENCE)

    def end_connections(self, database: str) -> None:
        """Ends all connections to a database."""
        self.sql(
            "postgres",
            f"""
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = '{database}' AND pid <> pg_backend_pid()
            """,
        )
