"""Random histories of a source, pulled at random moments: inserts, updates, deletes, rows that change their partition,
equal times over page boundaries, updates in one second, changes that leave updated_at as it was, transactions that
commit long after their time, schema changes, tables replaced under the pull, emptied tables, clocks that jump, and
another server that takes over, with or without the last changes. Behind a quiet pull and a sweep the copy must be equal
to the source row by row; behind every pull no key is there twice, and no row that the source still has was deleted.

    .deps/venv/bin/python tests/mysql/pull_model.py [--histories 300] [--kind mysql57] [--seed 1]
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import copies
import pymysql
import servers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("CANVASBACK_BIN", str(ROOT / "build/release/bin/canvasback"))
STEPS = 12
KEYS = {
    "integer": "id INT NOT NULL, PRIMARY KEY (id)",
    "text": "id VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL, PRIMARY KEY (id)",
    "pair": "id INT NOT NULL, part BIGINT UNSIGNED NOT NULL, PRIMARY KEY (id, part)",
}


class History:
    """One table, its source's file, and a connection that changes it."""

    def __init__(self, server: servers.Server, standby: servers.Server, seed: int, folder: pathlib.Path) -> None:
        self.random = random.Random(seed)
        self.server = server
        self.standby = standby
        self.data = folder
        self.steps: dict[str, int] = {}
        self.clock_s = 0  # how far the wall clock of the server is from UTC
        self.set_clock(0)
        self.replica: list[tuple[object, ...]] | None = None  # what a standby has that lags behind
        self.kind = self.random.choice(list(KEYS))
        self.partitioned = self.random.random() < 0.8
        self.indexed = self.random.random() < 0.85
        self.table = f"orders_{seed}"
        self.connection = server.connect()
        self.run("SET SESSION innodb_lock_wait_timeout = 1")
        self.late: list[object] = []
        self.create(self.table)
        self.columns_added = 0
        (folder / "sources").mkdir(parents=True)
        (folder / "sources/password").write_text(servers.READER_PASSWORD)
        lines = [f'url = "{server.url()}"', 'password_file = "password"', f'table = "{self.table}"',
                 'updated_at = "updated_at"', f"sweep_rows = {self.random.choice([0, 3, 50, 1000])}",
                 f'hot_window = "{self.random.choice([1, 60, 900])}s"', "deletes_share_max = 1.0"]  # fmt: skip
        if self.partitioned:
            every = self.random.choice(["day", "week", "month", "year"])
            lines += ['partition_by = "created_at"', f'partition_every = "{every}"']
        (folder / "sources/orders.toml").write_text("\n".join(lines) + "\n")

    def create(self, name: str) -> None:
        index = ", INDEX (updated_at)" if self.indexed else ""
        self.run(f"CREATE TABLE {name} ({KEYS[self.kind]}, created_at DATETIME NULL, amount DECIMAL(12,2), "
                 f"note VARCHAR(100), updated_at DATETIME NULL{index})")  # fmt: skip

    def run(self, sql: str, *arguments: object) -> int:
        with self.connection.cursor() as cursor:
            return cursor.execute(sql, arguments or None)

    def key(self) -> tuple[object, ...]:
        number = self.random.randint(1, 60)
        if self.kind == "integer":
            return (number,)
        if self.kind == "text":
            return (self.random.choice(["a", "A", "b", "é", "Zz", ""]) + str(number % 12),)
        return (number % 12, self.random.choice([0, 1, 2**64 - 1]))

    def where(self) -> str:
        return "id = %s AND part = %s" if self.kind == "pair" else "id = %s"

    def time(self) -> str | None:
        """Now, mostly; else a time of the look-back, an old one, or none."""
        choice = self.random.random()
        if choice < 0.05:
            return None
        age = 0 if choice < 0.7 else self.random.randint(0, 47 * 3600) if choice < 0.95 else 10**7
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + self.clock_s - age))

    def created(self) -> str | None:
        if self.random.random() < 0.05:
            return None
        return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1.7e9 + self.random.randint(0, 10**8)))

    def write(self, connection: object) -> None:
        """One statement of an application; one that another transaction's lock is in the way of does nothing."""
        try:
            self.statement(connection.cursor())
        except pymysql.err.OperationalError as error:
            if error.args[0] not in (1205, 1213):
                raise

    def statement(self, cursor: object) -> None:
        kind = self.random.random()
        key = self.key()
        amount = self.random.randint(0, 10**6) / 100
        if kind < 0.45:
            names = "id, part" if self.kind == "pair" else "id"
            marks = ", ".join(["%s"] * (len(key) + 4))
            sql = f"REPLACE INTO {self.table} ({names}, created_at, amount, note, updated_at) VALUES ({marks})"
            note = "n" * self.random.randint(0, 20)
            cursor.execute(sql, (*key, self.created(), amount, note, self.time()))
        elif kind < 0.65:
            sql = f"UPDATE {self.table} SET amount = %s, updated_at = %s WHERE {self.where()}"
            cursor.execute(sql, (amount, self.time(), *key))
        elif kind < 0.75:  # a cascade, a back-fill: the time of change stays
            cursor.execute(f"UPDATE {self.table} SET note = %s WHERE {self.where()}", (str(amount), *key))
        elif kind < 0.85:
            cursor.execute(f"UPDATE {self.table} SET created_at = %s, updated_at = %s WHERE {self.where()}",
                           (self.created(), self.time(), *key))  # fmt: skip
        else:
            cursor.execute(f"DELETE FROM {self.table} WHERE {self.where()}", key)

    STEPS = {"write": 62, "begin_late": 10, "end_late": 10, "truncate": 3, "rename": 4, "add_column": 3, "clock": 5,
             "lag": 4, "failover": 3}  # fmt: skip

    def step(self) -> None:
        kind = self.random.choices(list(self.STEPS), list(self.STEPS.values()))[0]
        self.steps[kind] = self.steps.get(kind, 0) + 1
        if kind == "write":
            for _ in range(self.random.randint(1, 15)):
                self.write(self.connection)
        elif kind == "begin_late":  # a transaction that ends later
            late = self.server.connect()
            late.autocommit(False)
            late.cursor().execute("SET SESSION innodb_lock_wait_timeout = 1")
            self.write(late)
            self.late.append(late)
        else:
            self.end_late()
        if kind == "truncate":
            self.run(f"TRUNCATE TABLE {self.table}")
        elif kind == "rename":  # another table takes its name
            self.run("DROP TABLE IF EXISTS ghost")
            self.run(f"CREATE TABLE ghost LIKE {self.table}")
            self.run(f"INSERT INTO ghost SELECT * FROM {self.table}")
            self.run(f"RENAME TABLE {self.table} TO old_{self.table}, ghost TO {self.table}")
            self.run(f"DROP TABLE old_{self.table}")
        elif kind == "add_column":
            self.columns_added += 1
            self.run(f"ALTER TABLE {self.table} ADD COLUMN extra_{self.columns_added} INT DEFAULT 7")
            self.replica = None
        elif kind == "clock":
            self.set_clock(self.random.choice([-180, -60, -1, 0, 1, 30, 120]))
        elif kind == "lag":  # from now on the standby gets nothing more
            self.replica = self.source()
        elif kind == "failover":
            self.fail_over()

    def set_clock(self, minutes: int) -> None:
        """The wall clock that DATETIME columns are written by, of all sessions from now on."""
        zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
        self.server.execute(f"SET GLOBAL time_zone = '{zone}'")
        self.clock_s = 60 * minutes

    def fail_over(self) -> None:
        """The standby is the source now, with all that it has got."""
        with self.connection.cursor() as cursor:
            cursor.execute(f"SHOW CREATE TABLE {self.table}")
            (_, created), = cursor.fetchall()
        rows = self.source() if self.replica is None else self.replica
        self.replica = None
        self.run(f"DROP TABLE {self.table}")
        self.connection.close()
        self.server, self.standby = self.standby, self.server
        self.connection = self.server.connect()
        self.run("SET SESSION innodb_lock_wait_timeout = 1")
        self.set_clock(self.clock_s // 60)
        self.run(created)
        if rows:
            with self.connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {self.table} VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)
        path = self.data / "sources/orders.toml"
        first, rest = path.read_text().split("\n", 1)
        assert first.startswith("url")
        path.write_text(f'url = "{self.server.url()}"\n{rest}')

    def end_late(self) -> None:
        for connection in self.late:
            connection.commit() if self.random.random() < 0.8 else connection.rollback()
            connection.close()
        self.late.clear()

    def pull(self, *flags: str) -> dict[str, object]:
        command = [BINARY, "pull", "orders", "--data", str(self.data), "--json", *flags]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if not done.stdout.strip():
            raise AssertionError(f"no report: {done.stderr}")
        report = json.loads(done.stdout)
        expected = ("was replaced", "changed while", "Lock wait", "not there any more")
        if report["result"] == "failed" and not any(text in report["error"]["message"] for text in expected):
            raise AssertionError(f"pull failed: {report['error']}")
        return report

    def copy(self) -> list[tuple[object, ...]]:
        return copies.copied_rows(self.data, "orders")

    def source(self) -> list[tuple[object, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {self.table}")
            return sorted(cursor.fetchall(), key=repr)

    def keys(self, rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
        """Two texts are one key where the collation says so."""
        width = 2 if self.kind == "pair" else 1
        keys = [row[:width] for row in rows]
        return [(key[0].lower().replace("é", "e"),) for key in keys] if self.kind == "text" else keys

    def pull_and_check(self, *flags: str) -> None:
        before = set(self.keys(self.copy()))
        if self.pull(*flags)["result"] == "failed":
            return
        keys = self.keys(self.copy())
        assert len(set(keys)) == len(keys), "a key is twice in the copy"
        lost = (before & set(self.keys(self.source()))) - set(keys)
        assert not lost, f"rows of the source were deleted: {lost}"

    def play(self) -> int:
        pulls = 0
        for _ in range(self.random.randint(0, 30)):
            self.write(self.connection)
        for _ in range(STEPS):
            self.step()
            if self.random.random() < 0.5:
                flags = ["--force"] if self.random.random() < 0.5 else []
                self.pull_and_check(*flags)
                pulls += 1
        self.end_late()
        self.pull("--force")
        self.pull("--sweep")
        mine, theirs = self.copy(), self.source()
        assert mine == theirs, f"the copy differs: {set(map(repr, mine)) ^ set(map(repr, theirs))}"
        self.run(f"DROP TABLE {self.table}")
        self.connection.close()
        self.set_clock(0)
        return pulls + 2


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--histories", type=int, default=20)
    parser.add_argument("--kind", choices=servers.KINDS, default=None)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    kinds = [arguments.kind] if arguments.kind else [kind for kind in servers.KINDS if servers.program(kind)]
    if not kinds:
        print("neither MySQL 5.7.22 nor MariaDB is installed: scripts/setup mysql")
        return 0
    for kind in kinds:
        pulls = 0
        steps: dict[str, int] = {}
        with servers.start(kind) as server, servers.start(kind, ["--server-id=77"]) as standby:
            for number in range(arguments.histories // len(kinds)):
                seed = arguments.seed + number
                folder = pathlib.Path(tempfile.mkdtemp(prefix="canvasback-pull-"))
                history = History(server, standby, seed, folder / "data")
                try:
                    pulls += history.play()
                except BaseException:
                    print(f"{kind}: history of seed {seed} failed; its data: {folder}", file=sys.stderr)
                    raise
                shutil.rmtree(folder)
                for name, count in history.steps.items():
                    steps[name] = steps.get(name, 0) + count
        told = ", ".join(f"{count} {name}" for name, count in steps.items())
        print(f"{kind}: {arguments.histories // len(kinds)} histories, {pulls} pulls: every copy equal to its source; "
              f"steps: {told}", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
