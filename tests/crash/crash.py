"""Crashes, and what is there afterwards: every acknowledged record once, no part of a batch, `verify` clean.

    crash.py [--short] [--kills N] [--seed N] [NAMES…]

points    the program is stopped, with all that was not synced lost, at one operation of the disk after the other
random    SIGKILL at random moments under load
keyed     both, with records that have keys: what was replaced or deleted stays so, and no key is there twice
errors    EIO and ENOSPC at one operation after the other, files that take no bytes: the program lives, says so, and
          nothing acknowledged is lost
commands  compact, archive, restore and backup, stopped at one operation after the other, or told by the disk that it
          failed or is full: no record is lost or doubled, and a backup is whole or not there
tables    pulls of a MySQL (skipped where none is installed), stopped or told of an error at one operation after the
          other: the cursor never moved past what was stored, and the next pull makes the copy equal to the source
mutation  one kind of sync is left out: then `points` must find something lost, or it proves nothing

Clients write batches whose records name their batch and its size; each batch has an Idempotency-Key and is sent again
after the crash where no answer came, as a client would. All runs of one name share a data folder, so that what one left
is there for the next; random kills begin with a new one after every hundred.
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

import pyarrow

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "functional"))
from serving import BINARY, Server  # noqa: E402

FAULTY = os.environ.get("CANVASBACK_FAULTY_BIN", BINARY + "_faulty")
# Every check reads all that was ever acknowledged: with one folder for all of them, the later kills would take minutes.
KILLS_A_FOLDER = 100
OPERATIONS = ["create", "sync", "rename", "sync_folder"]


class Lost(AssertionError):
    """What was acknowledged is not there, or something is there that should not be."""


class Clients:
    """Writers of batches, and what they were told."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.next_batch = 0
        self.acknowledged = {}  # batch → records
        self.unanswered = {}
        self.errors = 0
        self.last_refusal = (0, b"")
        self.lock = threading.Lock()

    def new_batch(self):
        with self.lock:
            self.next_batch += 1
            return f"b{self.next_batch}", self.random.choice([1, 1, 1, 3, 50, 400])

    def send(self, server, batch, size):
        """True where it was acknowledged. What has no answer may be there or not, but wholly."""
        records = [{"id": f"{batch}-{i}", "batch": batch, "size": size, "i": i,
                    "timestamp": f"2025-{1 + i % 12:02}-01T00:00:00Z", f"k{i % 5}": "x" * (i % 40)}
                   for i in range(size)]  # fmt: skip
        body = "".join(json.dumps(record) + "\n" for record in records).encode()
        path = "/ingest/file" if size == 400 else "/ingest"
        try:
            answer = server.ask("POST", path, body,
                                {"Content-Type": "application/x-ndjson", "Idempotency-Key": batch}, timeout=30)
        except (OSError, http.client.HTTPException):
            with self.lock:
                self.unanswered[batch] = size
            return False
        with self.lock:
            if answer.status == 200:
                if answer.json()["records_processed"] != size:
                    raise Lost(f"{batch}: {answer.body}")
                self.acknowledged[batch] = size
                self.unanswered.pop(batch, None)
                return True
            self.errors += 1
            self.unanswered[batch] = size
            self.last_refusal = (answer.status, answer.body[:300])
        return False

    def write(self, server, stop, _number):
        self.write_until(server, stop)

    def write_until(self, server, stop, batches=None):
        while not stop.is_set() and server.alive and (batches is None or batches > 0):
            if not self.send(server, *self.new_batch()) and server.alive:
                time.sleep(0.02)
            if batches is not None:
                batches -= 1

    def load(self, server, threads, until):
        """Writes from several threads until the server is gone or `until` says so."""
        stop = threading.Event()
        running = [threading.Thread(target=self.write, args=(server, stop, number)) for number in range(threads)]
        for thread in running:
            thread.start()
        until()
        stop.set()
        for thread in running:
            thread.join()

    def check(self, server):
        """Compares what is there with what was acknowledged."""
        rows = {}
        answer = server.sql("SELECT batch, any_value(size) AS size, count(*) AS n, count(DISTINCT i) AS d "
                            "FROM all_records GROUP BY batch", numbers="plain")  # fmt: skip
        if answer.status == 200:
            rows = {batch: (size, count, distinct) for batch, size, count, distinct in answer.json()["rows"]}
        elif self.acknowledged:
            raise Lost(f"no records at all: {answer.body[:500]}")
        for batch, (size, count, distinct) in rows.items():
            if count != size or distinct != size:
                raise Lost(f"{batch} has {count} of {size} records, {distinct} different")
            if batch not in self.acknowledged and batch not in self.unanswered:
                raise Lost(f"{batch} was never sent")
        missing = [batch for batch in self.acknowledged if batch not in rows]
        if missing:
            raise Lost(f"{len(missing)} acknowledged batches are gone, such as {missing[0]}")
        # A client's retry: what is there already is not doubled.
        for batch, size in list(self.unanswered.items()):
            deadline = time.monotonic() + 30
            while not self.send(server, batch, size):
                # Overload is no loss: the commits of many crashes may have to be merged first.
                if time.monotonic() > deadline or self.last_refusal[0] != 429:
                    raise Lost(f"{batch} is refused after the restart: {self.last_refusal}")
                time.sleep(0.1)


class KeyedClients(Clients):
    """Writers of a collection with a key. Each has keys of its own, so what it did last is what must be there."""

    KEYS = 40
    SCHEMA = {"name": "keyed", "primary_key": ["key"],
              "fields": [{"name": "key", "type": "string"}, {"name": "version", "type": "integer"},
                         {"name": "token", "type": "string", "unique": True}]}  # fmt: skip

    def __init__(self, seed):
        super().__init__(seed)
        self.versions = {}  # key → version, of what was acknowledged
        self.under_way = {}  # writer → (batch, versions by key, None where it is deleted): what has no answer
        self.done = 0

    def prepare(self, server):
        answer = server.ask("POST", "/api/v1/schemas", self.SCHEMA)
        if answer.status not in (201, 409):
            raise Lost(f"no schema can be made: {answer.body}")

    def write(self, server, stop, number):
        chance = random.Random(f"{number} {self.done}")
        while not stop.is_set() and server.alive:
            if number not in self.under_way:
                self.under_way[number] = self.next_change(number, chance)
            if not self.carry_out(server, number) and server.alive:
                time.sleep(0.02)

    def next_change(self, number, chance):
        batch, _ = self.new_batch()
        version = int(batch[1:])
        mine = [f"w{number}-{i}" for i in range(self.KEYS)]
        there = [key for key in mine if key in self.versions]
        if there and chance.random() < 0.2:
            return batch, {chance.choice(there): None}
        return batch, dict.fromkeys(chance.sample(mine, chance.choice([1, 1, 3, 20])), version)

    def carry_out(self, server, number):
        """True where it was acknowledged. What was under way at a crash is sent again as it was."""
        batch, changes = self.under_way[number]
        (key, version), *_ = changes.items()
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": batch}
        try:
            if version is None:
                answer = server.ask("DELETE", f"/api/v1/records/keyed/{key}", timeout=30)
            else:
                records = [{"key": key, "version": version, "token": f"{key}/{version}", "batch": batch,
                            "timestamp": f"2025-{1 + version % 12:02}-01T00:00:00Z"} for key in changes]  # fmt: skip
                body = "".join(json.dumps(record) + "\n" for record in records).encode()
                answer = server.ask("POST", "/api/v1/records/bulk", body, headers, timeout=30, schema="keyed",
                                    on_conflict="update")  # fmt: skip
                self.try_a_key_that_is_taken(server, number)
        except (OSError, http.client.HTTPException):
            return False
        # A deletion that is repeated finds nothing any more.
        if answer.status // 100 != 2 and not (version is None and answer.status == 404):
            self.errors += 1
            self.last_refusal = (answer.status, answer.body[:300])
            return False
        self.take_over(number)
        return True

    def take_over(self, number):
        _, changes = self.under_way.pop(number)
        self.done += 1
        for key, version in changes.items():
            if version is None:
                self.versions.pop(key, None)
            else:
                self.versions[key] = version

    def try_a_key_that_is_taken(self, server, number):
        """A batch with one is refused, and the rest of it is not there either."""
        batch, changes = self.under_way[number]
        taken = next((f"w{number}-{i}" for i in range(self.KEYS)
                      if f"w{number}-{i}" in self.versions and f"w{number}-{i}" not in changes), None)  # fmt: skip
        if taken is None or int(batch[1:]) % 5:
            return
        body = json.dumps([{"key": f"never-{batch}"}, {"key": taken}]).encode()
        answer = server.ask("POST", "/api/v1/records/bulk", body, {"Content-Type": "application/json"}, timeout=30,
                            schema="keyed")  # fmt: skip
        if answer.status // 100 == 2:
            raise Lost(f"{taken} was there, and another was taken")

    def check(self, server):
        answer = server.sql("SELECT key, version, token FROM keyed", numbers="plain")
        if answer.status != 200:
            raise Lost(f"no records at all: {answer.body[:500]}")
        rows = answer.json()["rows"]
        there = {key: version for key, version, _ in rows}
        if len(there) != len(rows):
            raise Lost(f"{len(rows)} records have {len(there)} keys")
        for key, version, token in rows:
            if token != f"{key}/{version}":
                raise Lost(f"{key} has the version {version} and the token {token}")
        expected = dict(self.versions)
        for batch, changes in self.under_way.values():
            kept = {there.get(key) == version for key, version in changes.items()}
            if len(kept) > 1:
                raise Lost(f"{batch} is there in part")
            for key in changes:
                # Either way: as it was, or as it was to be.
                expected.pop(key, None)
                if there.get(key) in (self.versions.get(key), changes[key]):
                    there.pop(key, None)
        if there != expected:
            wrong = [key for key in {*there, *expected} if there.get(key) != expected.get(key)]
            found, kept = there.get(wrong[0]), expected.get(wrong[0])
            raise Lost(f"{len(wrong)} keys are not as acknowledged, such as {wrong[0]}: {found} instead of {kept}")
        for number in list(self.under_way):
            deadline = time.monotonic() + 30
            while not self.carry_out(server, number):
                if time.monotonic() > deadline or self.last_refusal[0] != 429:
                    raise Lost(f"{self.under_way[number]} is refused after the restart: {self.last_refusal}")
                time.sleep(0.1)


def verify(folder, collection="all_records"):
    done = subprocess.run([BINARY, "verify", "--data", folder / "data", "--collection", collection],
                          capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode != 0 and "There is no collection" not in done.stderr:
        raise Lost(done.stdout + done.stderr)


def start(folder, fault=None, skip=None, binary=FAULTY):
    environment = {"CANVASBACK_FAULT": fault} if fault else {}
    if skip:
        environment["CANVASBACK_SKIP"] = skip
    flags = ["--merge-after-s", "1", "--grace-s", "0", "--workers", "2"]
    return Server(folder, binary=binary, flags=flags, environment=environment)


def wait_for_end(server, seconds):
    deadline = time.monotonic() + seconds
    while server.alive and time.monotonic() < deadline:
        time.sleep(0.01)


def one_crash(folder, clients, fault, skip=None, threads=3, seconds=6):
    """Runs into the fault and recovers; False where it was never reached."""
    try:
        server = start(folder, fault, skip)
    except AssertionError:
        crashed = True  # while starting
    else:
        clients.load(server, threads, lambda: wait_for_end(server, seconds))
        crashed = not server.alive
        if not crashed:
            server.process.kill()
        server.stop()
    with start(folder, skip=skip) as server:
        clients.check(server)
    return crashed


def points(folder, short, skip=None):
    clients = Clients(1)
    crashes = 0
    # All together they are the path of commits and merges; each alone reaches the rare ones.
    last = 24 if short else 400
    plan = [("any", n) for n in range(1, last + 1, 3 if short else 1)]
    for name in OPERATIONS + ["remove", "make_folder"]:
        plan += [(name, n) for n in ((2, 17) if short else range(1, 60, 2))]
    for name, n in plan:
        crashes += one_crash(folder, clients, f"{name}:{n}:loss", skip, seconds=2 if name == "make_folder" else 6)
    verify(folder)
    return f"{crashes} crashes, {len(clients.acknowledged)} batches acknowledged"


def random_kills(folder, short):
    count = KILLS or (8 if short else 2000)
    batches = 0
    for begun in range(0, count, KILLS_A_FOLDER):
        place = folder / str(begun)
        place.mkdir()
        clients = Clients(2 + SEED + begun)
        kill_at_random(place, clients, min(KILLS_A_FOLDER, count - begun), begun)
        verify(place)
        shutil.rmtree(place)
        batches += len(clients.acknowledged)
        if begun + KILLS_A_FOLDER < count:
            print(f"random: {begun + KILLS_A_FOLDER} kills so far, {batches} batches acknowledged", flush=True)
    return f"{count} kills, {batches} batches acknowledged"


def kill_at_random(folder, clients, count, seed=0):
    chance = random.Random(3 + SEED + seed)
    for _ in range(count):
        server = start(folder)
        pause = chance.uniform(0.05, 0.8)

        def kill(server=server, pause=pause):
            time.sleep(pause)
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()

        clients.load(server, 4, kill)
        server.stop()
        with start(folder) as recovered:
            clients.check(recovered)


def keyed(folder, short):
    clients = KeyedClients(7 + SEED)
    with start(folder) as server:
        clients.prepare(server)
    plan = [("any", n) for n in range(1, 24 if short else 200, 7 if short else 1)]
    for name in OPERATIONS + ["remove"]:
        plan += [(name, n) for n in ((9,) if short else range(1, 40, 2))]
    crashes = sum(one_crash(folder, clients, f"{name}:{n}:loss") for name, n in plan)
    kills = KILLS or (3 if short else 500)
    kill_at_random(folder, clients, kills)
    verify(folder, "keyed")
    return f"{crashes} crashes, {kills} kills, {clients.done} changes acknowledged, {clients.errors} refused"


def write_through_error(folder, clients, fault):
    """The server lives on with the error, or, where that came while it started, does not begin and says why."""
    try:
        server = start(folder, fault)
    except AssertionError as error:
        if f"fault: {fault.split(':')[2]} at" in str(error) and "canvasback: " in str(error):
            return
        raise
    with server:
        clients.write_until(server, threading.Event(), batches=40)
        if not server.alive:
            raise Lost(f"{fault} ended the server")


def errors(folder, short):
    clients = Clients(4)
    count = 0
    for error in ("EIO", "ENOSPC", "FULL"):
        for name in OPERATIONS if error != "FULL" else ["create"]:
            for n in (3,) if short else range(1, 20):
                write_through_error(folder, clients, f"{name}:{n}:{error}")
                with start(folder) as server:
                    clients.check(server)
                count += 1
    if clients.errors == 0:
        raise Lost("no client was told of any error")
    verify(folder)
    return f"{count} errors, {clients.errors} batches refused, {len(clients.acknowledged)} acknowledged"


def run_command(folder, *arguments, fault=None):
    """Whether it ended well, and whether it came to the fault."""
    environment = {**os.environ, **({"CANVASBACK_FAULT": fault} if fault else {})}
    done = subprocess.run([FAULTY, *map(str, arguments), "--data", folder / "data"], capture_output=True, text=True,
                          check=False, env=environment)  # fmt: skip
    return done.returncode == 0, "fault: " in done.stderr


def records_in(data):
    """How many records `verify` finds in a data folder that must be whole."""
    done = subprocess.run([BINARY, "verify", "--data", data], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Lost(done.stdout + done.stderr)
    return int("".join(c for c in done.stderr.split(" files, ")[1].split(" records")[0] if c.isdigit()))


def commands(folder, short):
    """Each command meets the fault at its first operation, then at its second, …, until it comes to its end without."""
    clients = Clients(5)
    with start(folder) as server:
        stop = threading.Event()
        clients.write_until(server, stop, batches=12)
    expected = sum(clients.acknowledged.values())
    stops = {}
    for action in ("loss", "kill", "EIO", "ENOSPC", "FULL"):
        operation = "create" if action == "FULL" else "any"
        for name, arguments, undo in [
            ("compact", ["compact"], None),
            ("archive", ["archive", "--before", "2025-W30"], ["restore"]),
            ("restore", ["restore"], ["archive", "--before", "2025-W30"]),
            ("backup", ["backup", "--to", folder / "copy"], None),
            ("backup", ["backup", "--to", folder / "copy.tar.zst"], None),
        ]:
            for number in range(1, 400, 5 if short else 1):
                if undo is not None and name == "restore":
                    run_command(folder, *undo)
                whole, reached = run_command(folder, *arguments, fault=f"{operation}:{number}:{action}")
                if reached:
                    stops[name, action] = stops.get((name, action), 0) + 1
                if name == "backup":
                    check_backups(folder, whole, expected, f"{action} at {number}")
                run_command(folder, "restore")
                if records_in(folder / "data") != expected:
                    raise Lost(f"{name}, {action} at {number}: {records_in(folder / 'data')} of {expected} records")
                if not reached:
                    if not whole:
                        raise Lost(f"{name} failed without a fault")
                    break
            else:
                raise Lost(f"{name} never came to its end")
    with start(folder) as server:
        clients.check(server)
    told = ", ".join(f"{name} {action} {count}" for (name, action), count in stops.items())
    return f"{sum(stops.values())} faults ({told}), {expected} records"


def check_backups(folder, whole, expected, fault):
    """A backup under its own name has everything; there is none where the command has not ended well."""
    copy, archive = folder / "copy", folder / "copy.tar.zst"
    if not copy.exists() and not archive.exists():
        if whole:
            raise Lost(f"{fault}: a backup that was made is not there")
        return
    if archive.exists():
        copy.mkdir()
        with pyarrow.input_stream(archive, compression="zstd") as packed:
            with tarfile.open(fileobj=packed, mode="r|") as tar:
                tar.extractall(copy)
        archive.unlink()
    if records_in(copy) != expected:
        raise Lost(f"{fault}: a backup looks finished and is not")
    shutil.rmtree(copy)


def pulled_tables(folder, short):
    try:
        from tables import tables
    except ImportError as error:
        return f"skipped: {error}"
    return tables(FAULTY, folder, short)


def mutation(folder, short):
    found = []
    for skip in ("sync", "sync_folder"):
        place = folder / skip
        try:
            points(place, True, skip)
        except (Lost, AssertionError) as error:
            found.append(f"without {skip}: {str(error)[:80]}")
        else:
            raise Lost(f"without {skip} nothing was found missing: the other runs prove nothing")
        shutil.rmtree(place, ignore_errors=True)
    return "; ".join(found)


RUNS = {"points": points, "random": random_kills, "keyed": keyed, "errors": errors, "commands": commands,
        "tables": pulled_tables, "mutation": mutation}  # fmt: skip
KILLS = 0
SEED = 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(RUNS) + "; all where none is named")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--kills", type=int, default=0, help="so many at random moments, instead of the usual number")
    parser.add_argument("--seed", type=int, default=0, help="other moments and other batches")
    options = parser.parse_args()
    global KILLS, SEED
    KILLS, SEED = options.kills, options.seed
    if unknown := set(options.names) - set(RUNS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    for name in options.names or RUNS:
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"canvasback-crash-{name}-"))
        begun = time.monotonic()
        try:
            told = RUNS[name](folder, options.short)
        except BaseException:
            print(f"{name}: failed; what it left is in {folder}", flush=True)
            raise
        print(f"{name}: {told} in {time.monotonic() - begun:.0f} s", flush=True)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
