"""Pulls through connections and from servers that fail, and what the copy is afterwards.

    .deps/venv/bin/python tests/mysql/pull_faults.py [--rounds 200] [--seed 1] [--kind mysql57] [NAMES…]

cuts       the connection ends, is reset, or stalls and then ends, behind a random number of bytes either way
silence    the source says nothing more: the pull ends by itself (two minutes)
slow       a source that sends slowly: a load of several pieces, cut and gone on with
kills      KILL QUERY and KILL CONNECTION at random bytes
gives_up   the source waits no longer for a slow reader (net_write_timeout)
crashes    the source is killed in the middle of a load and of a cycle, and started again
disk       no space is left, at random moments, on a small file system of the test's own (root alone)

The table is of accounts, and every transaction leaves the sum of their balances as it was: a copy of two states of the
source shows another sum. Behind each fault: a pull that failed has left cursor and copy as they were, one that did not
has the source's rows; where a load goes on, it has all rows up to its place; the next pull, which reads by the cursor
alone, makes the copy equal to the source row by row; and a reader that queried a server on the data folder all the
while has seen the one sum alone.
"""

import argparse
import contextlib
import itertools
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator

import conftest
import copies
import proxy
import servers

BINARY = conftest.BINARY
ROWS = 3000
NAMES = itertools.count(1)
LEAST_CHANGED, MOST_CHANGED = 1, 400
PULL_SECONDS = 300


class Wrong(AssertionError):
    """The copy is not what it must be."""


class Accounts:
    """The source's table, and transactions on it."""

    def __init__(self, server: servers.Server, seed: int, rows: int = ROWS, note_chars: int = 100) -> None:
        self.server = server
        self.random = random.Random(seed)
        self.name = f"accounts_{seed}_{next(NAMES)}"
        self.next_id = rows + 1
        self.lock = threading.Lock()
        self.rows_begun = rows
        with self.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {self.name} (id INT PRIMARY KEY, balance DECIMAL(12,2) NOT NULL, "
                           "note VARCHAR(3000) NOT NULL, created_at DATETIME NOT NULL, "
                           "updated_at DATETIME(3) NOT NULL, INDEX (updated_at))")  # fmt: skip
            rows_of_it = [(n, 100, self.note(note_chars), 1 + n % 28, 1 + n % 12) for n in range(1, rows + 1)]
            cursor.executemany(f"INSERT INTO {self.name} VALUES (%s, %s, %s, '2025-01-01' + INTERVAL %s DAY + INTERVAL "
                               "%s MONTH, NOW(3))", rows_of_it)  # fmt: skip

    @contextlib.contextmanager
    def cursor(self) -> Iterator[object]:
        with contextlib.closing(self.server.connect()) as connection:
            connection.begin()
            with connection.cursor() as cursor:
                yield cursor
            connection.commit()

    def note(self, chars: int) -> str:
        return self.random.randbytes(chars // 2 + 1).hex()[:chars]

    def change(self, changes: int | None = None) -> None:
        """One transaction: amounts that move between accounts, accounts that are closed and opened."""
        count = changes or self.random.randint(LEAST_CHANGED, MOST_CHANGED)
        with self.lock, self.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {self.name}")
            ids = [row[0] for row in cursor.fetchall()]
            for _ in range(count // 2):
                amount = self.random.randint(1, 9999) / 100
                for one, moved in zip(self.random.sample(ids, 2), (amount, -amount)):
                    cursor.execute(f"UPDATE {self.name} SET balance = balance + %s, note = %s, updated_at = NOW(3) "
                                   "WHERE id = %s", (moved, self.note(60), one))  # fmt: skip
            if self.random.random() < 0.5:
                self.replace_one(cursor, ids)

    def replace_one(self, cursor: object, ids: list[int]) -> None:
        """Another account, with what one had that is closed: in another partition."""
        closed = self.random.choice(ids)
        cursor.execute(f"INSERT INTO {self.name} SELECT %s, balance, note, created_at + INTERVAL 40 DAY, NOW(3) FROM "
                       f"{self.name} WHERE id = %s", (self.next_id, closed))  # fmt: skip
        cursor.execute(f"DELETE FROM {self.name} WHERE id = %s", (closed,))
        self.next_id += 1

    def rows(self) -> list[copies.Row]:
        with self.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {self.name}")
            return sorted(cursor.fetchall(), key=repr)


class Table:
    """A data folder with the copy of such a table, pulled through a proxy."""

    def __init__(self, accounts: Accounts, through: proxy.Proxy | None, data: pathlib.Path, **settings: object) -> None:
        self.accounts = accounts
        self.data = data
        self.pulling = conftest.Pulling(data, accounts.server)
        port = through.port if through else accounts.server.port
        self.pulling.write_source(accounts.name, url=f"mysql://reader@127.0.0.1:{port}/shop", updated_at="updated_at",
                                  partition_by="created_at", sweep_rows=0, hot_window="1s", look_back="2s",
                                  **settings)  # fmt: skip

    def copy(self) -> list[copies.Row]:
        return copies.copied_rows(self.data, self.accounts.name)

    def state(self) -> dict[str, object]:
        return copies.state_of(self.data, self.accounts.name)

    def pull(self, *flags: str, seconds: float = PULL_SECONDS) -> dict[str, object]:
        """The report; of a pull that was ended before it had one, a result of `ended`."""
        command = [BINARY, "pull", self.accounts.name, "--data", str(self.data), "--json", *flags]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
        if not done.stdout.strip():
            if done.returncode == 0 or "canvasback:" not in done.stderr:
                raise Wrong(f"the pull ended with {done.returncode} and no report: {done.stderr}")
            return {"result": "ended", "error": {"message": done.stderr}}
        return json.loads(done.stdout.splitlines()[-1])

    def pull_with_fault(self, busy: bool = False) -> dict[str, object]:
        """A pull that may fail, while the source stands still or goes on changing, and what must be true behind it."""
        before, cursor = self.copy(), self.state().get("cursor", {})
        if busy:
            with changing(self.accounts):
                report = self.pull("--force")
        else:
            source = self.accounts.rows()
            report = self.pull("--force")
            self.check_kept(report, before, cursor, source)
        total = sum(row[1] for row in self.copy())
        if self.copy() and total != 100 * self.accounts.rows_begun:
            raise Wrong(f"the copy is of several states: its sum is {total}; {report}")
        return report

    def check_kept(self, report: dict[str, object], before: list[copies.Row], cursor: dict[str, object],
                   source: list[copies.Row]) -> None:  # fmt: skip
        now = self.state().get("cursor", {})
        moved = (now.get("as_of_us"), now.get("snapshot_us")) != (cursor.get("as_of_us"), cursor.get("snapshot_us"))
        expected = source if moved and now.get("loaded_us") else before
        if self.copy() != expected:
            raise Wrong(f"the cursor {'moved' if moved else 'stayed'} and the copy is another: {report}")
        if report["result"] in ("loaded", "pulled") and self.copy() != source:
            raise Wrong(f"the pull says that it succeeded, and the copy differs from the source: {report}")
        if load := copies.loaded_rows(self.data, self.accounts.name):
            rows, place = load
            expected = [row for row in source if place and row[0] <= int(place[0])]
            if rows != expected:
                raise Wrong(f"the load goes on behind {place}, and has {len(rows)} of {len(expected)} rows up to there")

    def repair(self) -> None:
        """The next pull, by the cursor alone."""
        report = self.pull()
        if report["result"] == "failed":
            raise Wrong(f"the next pull failed, too: {report['error']}")
        mine, theirs = self.copy(), self.accounts.rows()
        if mine != theirs:
            raise Wrong(f"{len(set(mine) ^ set(theirs))} rows differ behind the next pull: {report}")
        if beyond := copies.files_beyond_state(self.data, self.accounts.name):
            raise Wrong(f"files that the state does not name, or that are gone: {beyond}")


@contextlib.contextmanager
def changing(accounts: Accounts) -> Iterator[None]:
    """Transactions one after the other while the context lasts."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def go_on() -> None:
        while not stop.is_set():
            try:
                accounts.change(20)
            except Exception as error:  # noqa: BLE001: of a server that is being killed
                failures.append(error)
                return
            stop.wait(0.01)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Reader:
    """Queries a server on the data folder again and again; every answer must be one state of the source."""

    def __init__(self, table: Table, url: str) -> None:
        self.table, self.url = table, url
        self.answers = 0
        self.wrong: list[str] = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self) -> None:
        sql = f"SELECT count(*), count(DISTINCT id), CAST(sum(balance) AS VARCHAR) FROM {self.table.accounts.name}"
        while not self.stopped.is_set():
            try:
                (count, distinct, total), = conftest.query(self.url, sql)
            except (urllib.error.HTTPError, OSError):  # there is no copy yet, or a file was just replaced
                self.stopped.wait(0.05)
                continue
            self.answers += 1
            if count != distinct or float(total) != 100 * self.table.accounts.rows_begun:
                self.wrong.append(f"{count} rows, {distinct} keys, a sum of {total}")
                return

    def end(self) -> int:
        self.stopped.set()
        self.thread.join()
        if self.wrong:
            raise Wrong(f"a reader saw {self.wrong[0]}")
        return self.answers


@contextlib.contextmanager
def read_all_the_while(table: Table) -> Iterator[Reader]:
    with table.pulling.serve() as url:
        reader = Reader(table, url)
        try:
            yield reader
            conftest.wait_until(lambda: reader.answers > 0 or reader.wrong)
        finally:
            reader.end()


class Plan:
    """Random moments of a pull: measured once, of a load and of a cycle."""

    def __init__(self, table: Table, through: proxy.Proxy) -> None:
        self.table, self.through = table, through
        self.random = table.accounts.random
        self.bytes: dict[str, int] = {}

    def measure(self) -> None:
        self.through.reset()
        if self.table.pull("--force")["result"] not in ("loaded", "pulled"):
            raise Wrong("a pull without a fault failed")
        self.bytes = dict(self.through.passed)

    def arm(self, action: Callable[[proxy.Link], None], direction: str | None = None) -> None:
        direction = direction or self.random.choice([proxy.DOWN, proxy.DOWN, proxy.UP])
        # Few bytes are as likely as many: the beginning has most of the statements.
        most = self.bytes[direction]
        after = self.random.randint(0, most) if self.random.random() < 0.6 else self.random.randint(0, min(most, 9000))
        self.through.arm(direction, after, action)


def new_table(server: servers.Server, seed: int, data: pathlib.Path, through: proxy.Proxy, **options: int) -> Table:
    return Table(Accounts(server, seed, **options), through, data)


def fault_again_and_again(server: servers.Server, folder: pathlib.Path, rounds: int, seed: int,
                          actions: list[Callable[[proxy.Link], None]]) -> str:  # fmt: skip
    """One fault in each pull, of loads and of cycles, beside a reader."""
    results: dict[str, int] = {}
    with proxy.between(server.port) as through:
        table = new_table(server, seed, folder / "data", through)
        plan = Plan(table, through)
        plan.measure()
        with read_all_the_while(table) as reader:
            for number in range(rounds):
                is_load = number % 4 == 3
                target = table
                if is_load:
                    target = new_table(server, seed, folder / f"load-{number}", through, rows=ROWS // 4)
                else:
                    table.accounts.change()
                plan.arm(table.accounts.random.choice(actions))
                report = target.pull_with_fault(busy=number % 3 == 2 and not is_load)
                key = f"{report['result']}{'' if through.fired.is_set() else ' before it'}"
                results[key] = results.get(key, 0) + 1
                through.reset()
                target.repair()
                if is_load:
                    shutil.rmtree(target.data)
        answers = reader.answers
    if not any(result in ("failed", "ended") for result in results):
        raise Wrong(f"no fault was met: {results}")
    return f"{rounds} pulls ({', '.join(f'{count} {result}' for result, count in results.items())}), {answers} answers"


def cuts(server: servers.Server, folder: pathlib.Path, rounds: int, seed: int) -> str:
    def stalls(link: proxy.Link) -> None:
        link.stall(0.5)
        link.cut()

    return fault_again_and_again(server, folder, rounds, seed, [proxy.Link.cut, proxy.Link.reset, stalls])


def kills(server: servers.Server, folder: pathlib.Path, rounds: int, seed: int) -> str:
    def kill(what: str) -> Callable[[proxy.Link], None]:
        def action(_: proxy.Link) -> None:
            with contextlib.closing(server.connect()) as admin, admin.cursor() as cursor:
                cursor.execute("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'reader'")
                for (number,) in cursor.fetchall():
                    with contextlib.suppress(Exception):  # it has ended meanwhile
                        cursor.execute(f"KILL {what} {number}")
            time.sleep(0.05)  # for the server to see it: what it has sent already goes on either way

        return action

    return fault_again_and_again(server, folder, rounds, seed, [kill("QUERY"), kill("CONNECTION")])


def silence(server: servers.Server, folder: pathlib.Path, _: int, seed: int) -> str:
    with proxy.between(server.port) as through:
        table = new_table(server, seed, folder / "data", through)
        plan = Plan(table, through)
        plan.measure()
        table.accounts.change()
        through.arm(proxy.DOWN, plan.bytes[proxy.DOWN] // 2, lambda link: link.stall(PULL_SECONDS))
        began = time.monotonic()
        report = table.pull_with_fault()
        seconds = time.monotonic() - began
        if report["result"] != "failed":
            raise Wrong(f"the pull from a silent source did not fail: {report}")
        through.reset()
        table.repair()
    return f"ended after {seconds:.0f} s: {report['error']['message']}"


def gives_up(server: servers.Server, folder: pathlib.Path, _: int, seed: int) -> str:
    """The server's patience is one second, and twelve megabytes are on their way to who reads nothing for three."""
    results = []
    with proxy.between(server.port) as through:
        table = new_table(server, seed, folder / "data", through, rows=6000, note_chars=2000)
        through.replaced = (b"net_write_timeout = 60", b"net_write_timeout = 1 ")
        for after in (100_000, 1_000_000):
            through.arm(proxy.DOWN, after, lambda link: link.stall(3))
            report = table.pull_with_fault()
            results.append(report)
            if report["result"] != "failed":
                raise Wrong(f"a source that gave up was taken for one that was at its end: {report}")
        through.replaced = None
        through.reset()
        table.repair()
    return "; ".join(report["error"]["message"] for report in results)


def slow(server: servers.Server, folder: pathlib.Path, _: int, seed: int) -> str:
    """A load of several pieces, each of which is kept; nobody sees it before it is one state of the source."""
    pieces = 0
    with proxy.between(server.port) as through:
        table = new_table(server, seed, folder / "data", through, rows=150_000, note_chars=20)
        through.bytes_a_second = 250_000
        with read_all_the_while(table):
            for number in range(8):
                through.arm(proxy.DOWN, 9_000_000 if number < 2 else 10**12, proxy.Link.cut)
                before = (table.state().get("load") or {}).get("place", {}).get("literals", [])
                report = table.pull_with_fault(busy=number > 0)
                if report["result"] == "loaded":
                    break
                after = (table.state().get("load") or {}).get("place", {}).get("literals", [])
                if before and int(after[0]) < int(before[0]):
                    raise Wrong(f"the load went back from {before} to {after}")
                pieces += after != before
            through.bytes_a_second = 0
            through.reset()
            table.repair()
    if pieces == 0:
        raise Wrong("no piece of a load was kept")
    return f"{pieces} loads went on where one was cut"


def crashes(server: servers.Server, folder: pathlib.Path, rounds: int, seed: int) -> str:
    """With a server of its own."""
    results: dict[str, int] = {}
    with servers.start(server.kind) as victim, proxy.between(victim.port) as through:
        current = [victim]

        def crash(_: proxy.Link) -> None:
            current[0].kill()

        table = new_table(victim, seed, folder / "data", through)
        plan = Plan(table, through)
        plan.measure()
        try:
            with read_all_the_while(table):
                for number in range(rounds):
                    is_load = number % 2 == 1
                    accounts = table.accounts
                    target = table
                    if is_load:
                        target = new_table(current[0], seed, folder / f"load-{number}", through, rows=ROWS // 4)
                    else:
                        accounts.change()
                    source = target.accounts.rows()
                    before, cursor = target.copy(), target.state().get("cursor", {})
                    plan.arm(crash, proxy.DOWN)
                    report = target.pull("--force")
                    target.check_kept(report, before, cursor, source)
                    results[report["result"]] = results.get(report["result"], 0) + 1
                    through.reset()
                    if current[0].process.poll() is not None:
                        current[0] = servers.restart(current[0])
                        for one in (table, target):
                            one.accounts.server = current[0]
                    target.repair()
        finally:
            if current[0] is not victim:
                current[0].stop()
    if "failed" not in results:
        raise Wrong(f"the source was never killed in time: {results}")
    return ", ".join(f"{count} {result}" for result, count in results.items())


@contextlib.contextmanager
def small_disk(folder: pathlib.Path, megabytes: int) -> Iterator[pathlib.Path | None]:
    """A file system of that size; None where this user may not make one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def disk(server: servers.Server, folder: pathlib.Path, rounds: int, seed: int) -> str:
    results: dict[str, int] = {}
    with small_disk(folder / "disk", 24) as place:
        if place is None:
            return "skipped: no file system can be mounted here"
        table = Table(Accounts(server, seed), None, place / "data")
        filler = place / "filler"
        chance = table.accounts.random
        for number in range(rounds):
            if number > 0:
                table.accounts.change()
            left = chance.choice([0, 4096, chance.randint(0, 400_000)])
            free = shutil.disk_usage(place).free
            filler.write_bytes(bytes(max(0, free - left)))
            report = table.pull_with_fault(busy=number % 3 == 2)
            filler.unlink()
            results[report["result"]] = results.get(report["result"], 0) + 1
            if report["result"] in ("failed", "ended") and "full" not in report["error"]["message"].lower():
                raise Wrong(f"a full disk is told as: {report['error']}")
            table.repair()
    if not results.keys() & {"failed", "ended"}:
        raise Wrong(f"the disk was never full: {results}")
    return ", ".join(f"{count} {result}" for result, count in results.items())


RUNS: dict[str, Callable[[servers.Server, pathlib.Path, int, int], str]] = {
    "cuts": cuts, "kills": kills, "gives_up": gives_up, "crashes": crashes, "disk": disk, "slow": slow,
    "silence": silence,
}  # fmt: skip


def run(name: str, server: servers.Server, rounds: int, seed: int) -> str:
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"canvasback-pull-{name}-"))
    try:
        told = RUNS[name](server, folder, rounds, seed)
    except BaseException:
        print(f"{server.kind} {name}, seed {seed}: failed; what it left is in {folder}", file=sys.stderr)
        raise
    shutil.rmtree(folder)
    return told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RUNS) + "; all where none is named")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=servers.KINDS, default=None)
    options = parser.parse_args()
    kinds = [options.kind] if options.kind else [kind for kind in servers.KINDS if servers.program(kind)]
    if not kinds:
        print("neither MySQL 5.7.22 nor MariaDB is installed: scripts/setup mysql")
    for kind in kinds:
        with servers.start(kind) as server:
            for name in options.names or RUNS:
                began = time.monotonic()
                told = run(name, server, options.rounds, options.seed)
                print(f"{kind} {name}: {told} in {time.monotonic() - began:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
