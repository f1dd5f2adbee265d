"""What pulls cost their source, of a table of ten columns and many rows that are changed all the time: an idle cycle,
cycles with 0.1 % changed rows, the sweep and the counts of deletes apart, how each statement is run, how long a
transaction is open; beside reading the last 48 hours anew.

    ROWS=10000000 .deps/venv/bin/python tests/mysql/pull_cost.py [mysql57 | mariadb]

Cycles come every five minutes of the source's wall clock, which is set forward between them (DATETIME has that clock);
before the first, four of ten rows were changed within the last 48 hours, as many cycles would have left it.
"""

import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import servers
import speed
from pull_speed import BINARY, pull

CYCLES = 4
MINUTES = 5
FIRST_MINUTE = -12 * 60
IDLE_MS, ROWS_PER_CHANGE, BUDGET_SHARE, TRANSACTION_SECONDS = 5, 3, 0.01, 60  # what docs and design promise


class Clock:
    """The wall clock of sessions from now on."""

    def __init__(self, server: servers.Server) -> None:
        self.server, self.minute = server, FIRST_MINUTE
        self.forward(0)

    def forward(self, minutes: int) -> None:
        self.minute += minutes
        zone = f"{'-' if self.minute < 0 else '+'}{abs(self.minute) // 60:02}:{abs(self.minute) % 60:02}"
        self.server.execute(f"SET GLOBAL time_zone = '{zone}'")


class Transactions:
    """The longest transaction of the reader, seen from beside it."""

    def __init__(self, server: servers.Server) -> None:
        self.server = server
        self.longest = 0.0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self) -> None:
        with contextlib.closing(self.server.connect()) as connection, connection.cursor() as cursor:
            while not self.stopped.wait(0.5):
                cursor.execute("SELECT COALESCE(MAX(TIMESTAMPDIFF(SECOND, t.trx_started, NOW())), 0) FROM "
                               "information_schema.INNODB_TRX AS t JOIN information_schema.PROCESSLIST AS p "
                               "ON p.ID = t.trx_mysql_thread_id WHERE p.USER = 'reader'")  # fmt: skip
                self.longest = max(self.longest, float(cursor.fetchone()[0]))

    def end(self) -> float:
        self.stopped.set()
        self.thread.join()
        return self.longest


def rows_read(server: servers.Server) -> int:
    with contextlib.closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW GLOBAL STATUS LIKE 'Innodb_rows_read'")
        return int(cursor.fetchone()[1])


def write_source(server: servers.Server, data: pathlib.Path, **settings: object) -> None:
    values = {"url": server.url(), "password_file": "password", "table": "orders", "updated_at": "updated_at",
              "partition_by": "created_at"} | settings  # fmt: skip
    (data / "sources").mkdir(parents=True, exist_ok=True)
    (data / "sources/password").write_text(servers.READER_PASSWORD)
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in values.items()]
    (data / "sources/orders.toml").write_text("".join(lines))


def make_table(server: servers.Server, rows: int) -> None:
    server.execute(speed.TABLE)
    for first in range(0, rows, 1_000_000):
        server.execute(speed.FILL.format(first, speed.MILLION))
    server.execute(
        "UPDATE orders SET updated_at = IF(id * 7919 % 10 < 4, NOW() - INTERVAL id * 7919 % 172800 SECOND, "
        "NOW() - INTERVAL 3 DAY - INTERVAL id MOD 10000000 SECOND)",
        "ALTER TABLE orders ADD INDEX (updated_at)",
    )


def check_statements(data: pathlib.Path) -> None:
    command = [BINARY, "pull", "orders", "--data", str(data), "--check", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for statement in json.loads(done.stdout)["statements"]:
        print(f"    {statement['purpose']}: {statement['access']}, about {statement['rows']:,} rows")
        assert statement["uses_index"], statement


def change(server: servers.Server, rows: int, number: int) -> None:
    server.execute(f"UPDATE orders SET amount = amount + 1, updated_at = NOW() WHERE id % 1000 = {number * 37 % 1000}")
    assert number < rows


def cycle(server: servers.Server, data: pathlib.Path, clock: Clock, number: int, rows: int) -> dict[str, float]:
    clock.forward(MINUTES)
    change(server, rows, number)
    before = rows_read(server)
    found = pull(server, data)
    found["rows_read"] = rows_read(server) - before
    return found


def show(what: str, found: dict[str, float]) -> None:
    report = found["report"]
    tiers = {tier["name"]: tier for tier in report["tiers"]}
    print(f"{what}: server {found['server_cpu'] * 1000:.0f} ms CPU, {found['seconds']:.2f} s; {report['updated']:,} "
          f"updated; InnoDB read {found.get('rows_read', 0):,} rows: "
          + ", ".join(f"{name} {tier['rows']:,} in {tier['seconds']:.2f} s" for name, tier in tiers.items()),
          flush=True)  # fmt: skip


def measure(kind: str, rows: int, data: pathlib.Path) -> None:
    with servers.start(kind, speed.SETTINGS) as server:
        clock = Clock(server)
        make_table(server, rows)
        write_source(server, data)
        watch = Transactions(server)
        show(f"{kind}, {rows:,} rows, load", pull(server, data))
        check_statements(data)
        write_source(server, data, sweep_rows=0, deletes=False)
        time.sleep(3)  # a time of update has whole seconds, and must have settled
        pull(server, data)
        idle = [pull(server, data) for _ in range(5)]
        assert all(found["report"]["result"] == "unchanged" for found in idle)
        idle_ms = statistics.median(found["server_cpu"] for found in idle) * 1000
        show("idle", idle[-1])
        plain = [cycle(server, data, clock, number, rows) for number in range(CYCLES)]
        show("0.1 % changed, no sweep, no deletes", plain[-1])
        write_source(server, data)
        whole = [cycle(server, data, clock, CYCLES + number, rows) for number in range(CYCLES)]
        show("0.1 % changed", whole[-1])
        before = server.cpu_seconds()
        again = "SELECT * FROM orders WHERE updated_at >= NOW() - INTERVAL 48 HOUR"
        client = ["mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={server.port}", "--user=admin",
                  f"--password={servers.ADMIN_PASSWORD}", "--skip-ssl", "--quick", "-N", "-e", again, "shop"]
        subprocess.run(client, check=True, stdout=subprocess.DEVNULL)
        anew = server.cpu_seconds() - before
        plain_cpu = statistics.median(found["server_cpu"] for found in plain)
        whole_cpu = statistics.median(found["server_cpu"] for found in whole)
        changed = plain[-1]["report"]["updated"]
        hot = next(tier["rows"] for tier in plain[-1]["report"]["tiers"] if tier["name"] == "hot_window")
        budget = max(0.0, whole_cpu - plain_cpu) / (MINUTES * 60)
        print(f"{kind}: an idle cycle {idle_ms:.1f} ms of the server's CPU (at most {IDLE_MS}); a changed one "
              f"{plain_cpu:.2f} s, {whole_cpu:.2f} s with sweep and deletes, which are {budget:.2%} of one core (at "
              f"most {BUDGET_SHARE:.0%}); {hot / changed:.1f} rows of the table for each changed row (at most "
              f"{ROWS_PER_CHANGE}) and the index of the look-back; the longest transaction {watch.end():.0f} s (at "
              f"most {TRANSACTION_SECONDS}); reading 48 hours anew {anew:.2f} s")  # fmt: skip


def main() -> None:
    rows = int(os.environ.get("ROWS", "10000000"))
    for kind in sys.argv[1:] or servers.KINDS[:1]:
        data = pathlib.Path(tempfile.mkdtemp(prefix="canvasback-pull-cost-"))
        try:
            measure(kind, rows, data)
        finally:
            shutil.rmtree(data)


if __name__ == "__main__":
    main()
