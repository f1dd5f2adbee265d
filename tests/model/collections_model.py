"""Random histories of collections without keys, against a model of what was acknowledged.

    collections_model.py [--histories N] [--seed N] [--flips KINDS] [--keep] [--short]

A history is one collection: records are sent, files merged, weeks archived and brought back by request or by hand,
files moved away and back, backups taken, the server stopped or killed and started again, and files made unreadable or
damaged in every way there is, while the server runs and while it does not. After every step an answer of 200 must be
exactly the acknowledged records that are neither archived nor moved away; anything else must be an error that names the
file which somebody spoilt, and must end once that file is whole again or was moved away.

Many histories share one server and its restarts; each batch has a server of its own. --flips says which files have
single bits changed: `notes` (the small files beside the records), `footers`, `pages`, or several, with commas.
"""

import argparse
import collections
import concurrent.futures
import io
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import sys
import tarfile
import tempfile
import time

import pyarrow.parquet

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "functional"))
from serving import PATIENCE, Server  # noqa: E402

HISTORIES_A_SERVER = 40
ROUNDS = 3
THREADS = 8
WEEKS = ["2025-01-06", "2025-01-13", "2025-01-20"]
NDJSON = {"Content-Type": "application/x-ndjson"}
SETTLE_SECONDS = 12 * PATIENCE
BUSY_SECONDS = 600


class Wrong(AssertionError):
    """An answer that is neither right nor an error that names the file."""


def file_records(path):
    """The records of a whole file: id → (n, s)."""
    table = pyarrow.parquet.ParquetFile(path).read()
    columns = [table.column(name).to_pylist() if name in table.column_names else [None] * len(table)
               for name in ("id", "n", "s")]  # fmt: skip
    return {row[0]: row[1:] for row in zip(*columns, strict=True)}


def footer_bytes(path):
    """Where the footer begins."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(size - 8)
        return size - 8 - struct.unpack("<I", file.read(4))[0]


class Damage:
    """One file that somebody spoilt, and how to make it whole."""

    KINDS = ("denied", "folder", "link", "short", "empty", "zeroed", "foreign")

    def __init__(self, path, kind, rng):
        self.path, self.kind = path, kind
        self.aside = path.parent.parent / f".aside-{rng.getrandbits(32):08x}"
        if kind in ("denied", "folder", "link"):
            self._move_aside(kind)
        else:
            shutil.copy2(path, self.aside)
            self._change(kind, rng)
        self.spoilt = path.lstat().st_ino

    def _move_aside(self, kind):
        if kind == "denied" and os.geteuid() != 0:
            shutil.copy2(self.path, self.aside)
            self.path.chmod(0)
            return
        self.path.rename(self.aside)
        if kind == "folder":
            self.path.mkdir()
        else:  # a link to itself cannot be opened by root either
            self.path.symlink_to(self.path.name if kind == "denied" else "nowhere")

    def _change(self, kind, rng):
        whole = self.path.read_bytes()
        if kind == "short":
            changed = whole[: rng.randrange(1, len(whole))]
        elif kind == "empty":
            changed = b""
        elif kind == "zeroed":
            begin = footer_bytes(self.path)
            changed = whole[:begin] + bytes(len(whole) - 8 - begin) + whole[-8:]
        elif kind == "foreign":
            sink = io.BytesIO()
            pyarrow.parquet.write_table(pyarrow.table({"x": [1]}), sink)
            changed = sink.getvalue()
        else:
            begin, end = 0, len(whole)
            if kind == "pages":
                end = footer_bytes(self.path)
            elif kind == "footers":
                begin = footer_bytes(self.path)
            at = rng.randrange(begin, end)
            changed = whole[:at] + bytes([whole[at] ^ (1 << rng.randrange(8))]) + whole[at + 1 :]
        self.path.write_bytes(changed)

    def take_away(self):
        """What is left in its place goes; the whole file stays aside. False: the server has put it away already, and
        may have written another of the name since."""
        if not os.path.lexists(self.path) or self.path.lstat().st_ino != self.spoilt:
            return False
        if self.path.is_dir() and not self.path.is_symlink():
            self.path.rmdir()
        else:
            self.path.unlink()
        return True

    def undo(self):
        if self.take_away():
            self.aside.rename(self.path)


class History:
    """One collection, what was acknowledged of it, and what was done to it."""

    def __init__(self, name, seed, flips, merges):
        self.name = name
        self.random = random.Random(seed)
        self.flips = flips
        self.merges = merges  # by themselves: then nobody can know which file a record is in when it is moved
        self.live = {}
        self.archived = {}
        self.away = {}  # path → (where it lies, its records)
        self.damage = None
        self.mended_name, self.mended_until = "", 0
        self.next_id = 0
        self.log = []
        self.checks = 0
        self.refused = 0

    def attach(self, server):
        self.server = server
        self.base = server.folder / "data/collections" / self.name
        self.folder, self.archive = self.base / "parquet", self.base / "archive"

    # What the server says.

    def work(self, name, body=None):
        return self.server.ask("POST", f"/api/v1/collections/{self.name}/{name}", body or {})

    def files(self):
        """Names of the live and of the archived files, or None where the server does not say."""
        answer = self.server.get("/files", collection=self.name)
        if answer.status != 200:
            return None
        files = answer.json()["files"]
        return [[each["name"] for each in files if each["archived"] == archived] for archived in (False, True)]

    def quiet_files(self):
        """As files(), where nothing that was merged lies there any more."""
        files = None if self.merges else self.files()
        here = sorted(path.name for path in self.folder.glob("*.parquet"))
        return files if files and here == sorted(files[0]) else None

    # Steps. Each says what it did, for the log.

    def step(self):
        if self.damage:
            return self.step_while_spoilt()
        choice = self.random.choices(
            [self.ingest, self.compact, self.archive_weeks, self.restore, self.archive_by_hand, self.restore_by_hand,
             self.move_away, self.move_back, self.spoil], [8, 3, 2, 2, 2, 2, 1, 2, 2])[0]  # fmt: skip
        return choice()

    def step_while_spoilt(self):
        return self.random.choice([self.ingest, self.compact, self.archive_weeks, self.mend, self.mend])()

    def new_records(self):
        count = self.random.choice([1, 1, 3, 20])
        records = []
        for _ in range(count):
            identity = f"{self.name}-{self.next_id}"
            self.next_id += 1
            records.append({"id": identity, "n": self.random.randrange(10**9), "s": f"text {self.random.random()}",
                            "timestamp": self.random.choice(WEEKS) + "T10:00:00Z"})  # fmt: skip
        return records

    def ingest(self):
        records = self.new_records()
        body = "".join(json.dumps(record) + "\n" for record in records).encode()
        answer = self.server.ask("POST", "/ingest", body, NDJSON, collection=self.name)
        if answer.status == 200:
            self.live.update({each["id"]: (each["n"], each["s"]) for each in records})
        else:
            self.must_name_the_file(answer)
        return f"ingest {len(records)}: {answer.status}"

    def compact(self):
        answer = self.work("compact")
        if answer.status != 200 and self.live:
            self.must_name_the_file(answer)
        return f"compact: {answer.status}"

    def moved(self, names, from_folder, to_folder, source, target):
        for name in names:
            path = to_folder / name if (to_folder / name).exists() else from_folder / name
            records = file_records(path)
            for identity in records:
                target[identity] = source.pop(identity)

    def archive_weeks(self):
        week = self.random.choice(["2025-W02", "2025-W03", "2025-W04", "2025-W05"])
        answer = self.work("archive", {"before": week})
        if answer.status == 200:
            names = answer.json()["result"]["files"]
            self.moved(names, self.folder, self.archive, self.live, self.archived)
        elif self.live:
            self.must_name_the_file(answer)
        return f"archive before {week}: {answer.status}"

    def restore(self):
        if not self.archived:
            return "nothing to restore"
        answer = self.work("restore")
        if answer.status == 200:
            names = answer.json()["result"]["files"]
            self.moved(names, self.archive, self.folder, self.archived, self.live)
        else:
            self.must_name_the_file(answer)
        return f"restore: {answer.status}"

    def by_hand(self, source, target, is_archived):
        files = self.quiet_files()
        names = [name for name in (files[is_archived] if files else []) if name.startswith("data_")]
        names = [name for name in names if not (target / name).exists()]
        if not names:
            return None
        name = self.random.choice(names)
        records = file_records(source / name)
        target.mkdir(exist_ok=True)
        (source / name).rename(target / name)
        return name, records

    def archive_by_hand(self):
        moved = self.by_hand(self.folder, self.archive, False)
        if not moved:
            return "nothing to archive by hand"
        for identity in moved[1]:
            self.archived[identity] = self.live.pop(identity)
        return f"archive {moved[0]} by hand"

    def restore_by_hand(self):
        moved = self.by_hand(self.archive, self.folder, True)
        if not moved:
            return "nothing to restore by hand"
        for identity in moved[1]:
            self.live[identity] = self.archived.pop(identity)
        return f"restore {moved[0]} by hand"

    def move_away(self):
        files = self.quiet_files()
        if not files or not files[0]:
            return "nothing to move away"
        path = self.folder / self.random.choice(files[0])
        self.take_away(path, path, file_records(path))
        return f"move {path.name} away"

    def take_away(self, path, whole, records):
        aside = self.base / f".away-{self.random.getrandbits(40):010x}"
        whole.rename(aside)
        kept = {identity: self.live.pop(identity) for identity in records if identity in self.live}
        self.away[path] = (aside, kept)

    def move_back(self):
        free = [path for path in self.away if not path.exists()]
        if not free:
            return "nothing to move back"
        path = self.random.choice(free)
        aside, records = self.away.pop(path)
        aside.rename(path)
        self.live.update(records)
        return f"move {path.name} back"

    def spoil(self):
        paths = [path for folder in (self.folder, self.archive) for path in sorted(folder.glob("*.parquet"))]
        kinds = list(Damage.KINDS) + [kind for kind in self.flips if kind != "notes"]
        if "notes" in self.flips and self.random.random() < 0.2:
            paths = [path for pattern in (".commit-numbers", ".merge-*") for path in self.folder.glob(pattern)]
            kinds = ["empty", "any"]
        if not paths:
            return "nothing to spoil"
        self.known_files = self.quiet_files()
        path, kind = self.random.choice(paths), self.random.choice(kinds)
        self.damage = Damage(path, kind, self.random)
        return f"spoil {path.parent.name}/{path.name}: {kind}"

    def mend(self):
        damage, self.damage = self.damage, None
        self.mended_name, self.mended_until = damage.path.name, time.monotonic() + SETTLE_SECONDS
        is_live = self.known_files and damage.path.name in self.known_files[0] and damage.path.parent == self.folder
        if is_live and damage.path.suffix == ".parquet" and self.random.random() < 0.4:
            if damage.take_away():
                self.take_away(damage.path, damage.aside, file_records(damage.aside))
                return f"take {damage.path.name} away"
            return "the server put it away"
        damage.undo()
        return f"make {damage.path.name} whole"

    # What must hold.

    def must_name_the_file(self, answer):
        self.refused += 1
        text = answer.body.decode(errors="replace")
        if self.damage and self.damage.path.name in text:
            return
        if time.monotonic() < self.mended_until and self.mended_name in text:
            return  # that it is whole again is noticed within seconds
        if "Nothing was moved" in text and "already" in text:
            return  # a week that was away has come back under a name that another has by now
        raise Wrong(f"{answer.status} does not name the file: {answer.body[:600]}")

    def answer_now(self):
        """None where the records are as they should be, else what is wrong with the answer."""
        answer = self.server.sql(f'SELECT id, n, s FROM "{self.name}"')
        if answer.status == 200:
            got = collections.Counter((row[0], row[1], row[2]) for row in answer.json()["rows"])
            expected = collections.Counter((identity, *value) for identity, value in self.live.items())
            if got == expected:
                return None
            return f"missing {list((expected - got).items())[:3]}, too many {list((got - expected).items())[:3]}"
        if answer.status in (400, 404) and not self.live:
            return None  # it never had a record
        return f"{answer.status}: {answer.body[:600]}"

    def check(self):
        """Answers come right by themselves; until then they may be of before a change that was made by hand."""
        self.checks += 1
        deadline = time.monotonic() + SETTLE_SECONDS
        while wrong := self.answer_now():
            if self.damage and self.damage.path.name in wrong and not wrong.startswith("missing"):
                self.refused += 1
                return self.check_skipping()
            # On a machine that is busy with other work: nothing was read.
            patience = BUSY_SECONDS if wrong.startswith("429") else 0
            if time.monotonic() > deadline + patience:
                raise Wrong(wrong)
            time.sleep(0.2)
        return None

    def check_skipping(self):
        """Who asks for the rest is told so, and no record of it is a changed one."""
        answer = self.server.ask("POST", "/api/v1/query", {"sql": f'SELECT id, n, s FROM "{self.name}"'},
                                 on_unreadable="skip")  # fmt: skip
        if answer.status != 200:
            return
        if not answer.json().get("left_out") and self.answer_now():
            raise Wrong(f"the answer does not say what it leaves out: {answer.body[-300:]}")
        known = {**self.live, **self.archived}
        for identity, *value in answer.json()["rows"]:
            if known.get(identity) != tuple(value):
                raise Wrong(f"{identity} is {value}, and was {known.get(identity)}")

    def check_backup(self, tar):
        """The same records, by their files."""
        if self.damage:
            return
        prefix = f"collections/{self.name}/"
        for place, expected in (("parquet", self.live), ("archive", self.archived)):
            found = {}
            for member in tar.getmembers():
                if member.name.startswith(f"{prefix}{place}/") and member.name.endswith(".parquet"):
                    records = file_records(io.BytesIO(tar.extractfile(member).read()))
                    if set(records) & set(found):
                        raise Wrong(f"the backup has records twice: {member.name}")
                    found.update(records)
            if found != expected:
                raise Wrong(f"the backup has {len(found)} records in {place}, of {len(expected)}")

    def run(self, action, *arguments):
        """A step or check; what was done stands in the log."""
        try:
            done = action(*arguments)
            if done:
                self.log.append(done)
        except Exception as error:
            error.add_note(f"{self.name}:\n  " + "\n  ".join([*self.log, action.__name__]))
            raise


class Batch:
    """Histories that share a server."""

    def __init__(self, number, seed, histories, flips, folder):
        self.random = random.Random(f"{seed}-{number}")
        self.folder = pathlib.Path(folder) / f"batch-{number}"
        merge_after = self.random.choice(["3600", "3600", "1"])
        self.histories = [History(f"h{number}x{i}", f"{seed}-{number}-{i}", flips, merge_after == "1")
                          for i in range(histories)]  # fmt: skip
        self.flags = ["--merge-after-s", merge_after, "--grace-s",
                      self.random.choice(["0", "1", "60"]), "--durability", self.random.choice(["commit", "interval"]),
                      "--log-level", "warning"]  # fmt: skip

    def start(self):
        self.server = Server(self.folder, flags=self.flags)
        for history in self.histories:
            history.attach(self.server)

    def each(self, pool, action, *arguments):
        """For all histories at once, each with its own steps one after the other."""
        futures = [pool.submit(history.run, getattr(history, action), *arguments) for history in self.histories]
        for future in futures:
            future.result()

    def steps(self, pool):
        for _ in range(self.random.randrange(3, 7)):
            self.each(pool, "step")
            self.each(pool, "check")

    def restart(self):
        # With durability = interval a kill may be taken for a power cut, and what lies unsynced for torn by it.
        if self.random.random() < 0.5 and "interval" not in self.flags:
            self.server.process.send_signal(signal.SIGKILL)
            self.server.process.wait()
        self.server.stop()
        for history in self.histories:
            if not history.damage and self.random.random() < 0.4:
                history.run(self.spoil_at_rest, history)
        self.start()

    @staticmethod
    def spoil_at_rest(history):
        server, history.server = history.server, None
        history.quiet_files = lambda: None  # there is nobody to ask
        try:
            return history.spoil()
        finally:
            del history.quiet_files
            history.server = server

    def backup(self, pool):
        answer = self.server.get("/api/v1/backup")
        spoilt = [history.damage.path.name for history in self.histories if history.damage]
        if answer.status != 200:
            if not any(name in answer.body.decode(errors="replace") for name in spoilt):
                raise Wrong(f"no backup: {answer.status} {answer.body[:500]}")
            return
        with tarfile.open(fileobj=io.BytesIO(answer.body)) as tar:
            for history in self.histories:
                history.run(history.check_backup, tar)

    def run(self, pool):
        self.start()
        try:
            for number in range(ROUNDS):
                self.steps(pool)
                if number + 1 < ROUNDS:
                    self.backup(pool)
                    self.restart()
                    self.each(pool, "check")
            for history in self.histories:
                if history.damage:
                    history.run(history.mend)
            self.each(pool, "check")
            self.backup(pool)
        except Exception as error:
            error.add_note(f"flags {self.flags}, folder {self.folder}\n{self.server.tail(15)}")
            raise
        finally:
            self.server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--histories", type=int, default=2000)
    parser.add_argument("--seed", type=int, help="random where it is not given, and one and the same for --short")
    parser.add_argument("--flips", default="notes")
    parser.add_argument("--keep", action="store_true", help="leave the folders of what went well, too")
    parser.add_argument("--short", action="store_true", help="about a minute")
    arguments = parser.parse_args()
    wanted = 120 if arguments.short else arguments.histories
    if arguments.seed is None:
        arguments.seed = 1795990771 if arguments.short else int(time.time())
    flips = [kind for kind in arguments.flips.split(",") if kind]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="canvasback-model-"))
    print(f"seed {arguments.seed}, {wanted} histories, flips {flips}", flush=True)
    began, done, checks, refused = time.monotonic(), 0, 0, 0
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for number in range(-(-wanted // HISTORIES_A_SERVER)):
            batch = Batch(number, arguments.seed, min(HISTORIES_A_SERVER, wanted - done), flips, folder)
            batch.run(pool)
            done += len(batch.histories)
            checks += sum(history.checks for history in batch.histories)
            refused += sum(history.refused for history in batch.histories)
            if not arguments.keep:
                shutil.rmtree(batch.folder)
            print(f"{done} histories, {checks} checks, {refused} refusals that name the file, "
                  f"{time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
    if not arguments.keep:
        shutil.rmtree(folder)
    print("every answer was right, or named the file")


if __name__ == "__main__":
    main()
