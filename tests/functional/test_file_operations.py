"""What commits, merges, moves and schemas do to the disk, operation by operation: as golden/file_operations.txt says.

The order in which files are made, synced, renamed and removed is what crash safety rests on (tests/crash): a change of
it is a change of what survives. Where one is meant, write the golden file anew and read the difference:

    CANVASBACK_WRITE_GOLDEN=1 python -m pytest tests/functional/test_file_operations.py
"""

import json
import os
import pathlib
import re

import pytest
from serving import BINARY, Server, wait_for

FAULTY = os.environ.get("CANVASBACK_FAULTY_BIN", BINARY + "_faulty")
GOLDEN = pathlib.Path(__file__).parent / "golden" / "file_operations.txt"
NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}
# Nothing happens by itself: what is merged or removed is so because the test asked.
QUIET = ["--merge-after-s", "3600", "--grace-s", "3600", "--scrub-every-h", "0", "--workers", "2"]
ASIDE = "/checks.json"  # what was checked: when it is written depends on time, not on what is asked


def ndjson(*records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def record(number, month, **more):
    return {"id": f"r{number}", "timestamp": f"2025-{month:02}-10T00:00:00Z", "n": number, **more}


def keyed(key, number):
    return {"id": key, "timestamp": "2025-03-10T00:00:00Z", "n": number}


class Traced:
    """A server whose operations on the disk are told, step by step."""

    def __init__(self, folder, flags):
        self.folder = folder
        self.trace = folder.parent / f"{folder.name}.trace"
        self.flags = flags
        self.sections = []
        self.server = None

    def start(self):
        self.server = Server(self.folder, binary=FAULTY, flags=self.flags,
                             environment={"CANVASBACK_TRACE": str(self.trace)})  # fmt: skip

    def lines(self):
        """What is in the trace, without what is another each time."""
        data = str(self.folder / "data")
        text = self.trace.read_text() if self.trace.exists() else ""
        out = []
        folder_of_aside = False  # whether a sync of its folder is to come
        for line in text.splitlines():
            name, *paths = line.split("\t")
            if not all(path == data or path.startswith(data + "/") for path in paths):
                continue
            paths = [path[len(data):] or "/" for path in paths]
            if any(path.startswith(ASIDE) for path in paths):
                folder_of_aside = folder_of_aside or name == "rename"
                continue
            if folder_of_aside and (name, paths) == ("sync_folder", ["/"]):
                folder_of_aside = False
                continue
            paths = [re.sub(r"\.merge-[0-9a-f]+", ".merge-ID", path) for path in paths]
            out.append(" ".join([name, " -> ".join(paths)]))
        return out

    def step(self, name, work, until=None):
        """One thing that is asked for, and all operations that it brings; `until`: whether they are all there, where
        some come later than the answer."""
        before = len(self.lines())
        work()
        if until is not None:
            wait_for(lambda: until(self.lines()[before:]), 30)
        self.sections.append((name, self.lines()[before:]))

    def ask(self, method, path, body=None, headers=None, status=200, **query):
        answer = self.server.ask(method, path, body, headers, **query)
        assert answer.status == status, answer.body[:500]
        return answer.json() if answer.body else None

    def work(self, what, body=None, name="all_records"):
        job = self.ask("POST", f"/api/v1/collections/{name}/{what}", body)
        assert job["state"] == "done", job
        return job["result"]

    def stop(self):
        assert self.server.stop() == 0, self.server.tail()


def all_records(traced):
    traced.step("start in an empty folder", traced.start)
    traced.step("the first commit of a collection", lambda: traced.ask(
        "POST", "/ingest", ndjson(record(1, 1), record(2, 4)), NDJSON))
    traced.step("a second commit", lambda: traced.ask("POST", "/ingest", ndjson(record(3, 4)), NDJSON))
    traced.step("a commit with refused records", lambda: traced.ask(
        "POST", "/ingest", ndjson(record(4, 7)) + b"{bad\n", NDJSON, on_error="quarantine"))
    traced.step("a commit of refused records alone", lambda: traced.ask(
        "POST", "/ingest", b"{bad\n", NDJSON, on_error="quarantine"))
    traced.step("nothing to keep", lambda: traced.ask("POST", "/ingest", b"[]", JSON))
    traced.step("a body that is refused", lambda: traced.ask("POST", "/ingest", b"{bad\n", NDJSON, status=400))
    traced.step("a body as it comes", lambda: traced.ask(
        "POST", "/ingest/file", ndjson(*[record(i, 1 + i % 12) for i in range(10, 400)]), NDJSON))
    traced.step("compact", lambda: traced.work("compact"))
    traced.step("a commit after that", lambda: traced.ask("POST", "/ingest", ndjson(record(500, 1)), NDJSON))
    traced.step("compact once more: the weeks' parts too", lambda: traced.work("compact"))
    traced.step("nothing to merge", lambda: traced.work("compact"))
    traced.step("archive", lambda: traced.work("archive", {"before": "2025-W20"}))
    traced.step("restore some", lambda: traced.work("restore", {"from": "2025-W10", "until": "2025-W15"}))
    traced.step("restore all", lambda: traced.work("restore"))
    traced.step("verify", lambda: traced.work("verify", {}))


def keyed_collection(traced):
    schema = {"name": "kv", "primary_key": ["id"], "fields": [{"name": "id", "type": "string"}]}
    traced.step("a schema with a key", lambda: traced.ask("POST", "/api/v1/schemas", schema, JSON, status=201))
    traced.step("its first record", lambda: traced.ask(
        "POST", "/api/v1/records", keyed("a", 1), JSON, status=201, schema="kv"))
    traced.step("more records", lambda: traced.ask(
        "POST", "/api/v1/records/bulk", [keyed("b", 2), keyed("c", 3)], JSON, schema="kv"))
    traced.step("a record whose key is taken", lambda: traced.ask(
        "POST", "/api/v1/records", keyed("a", 9), JSON, status=409, schema="kv"))
    traced.step("an update", lambda: traced.ask(
        "POST", "/api/v1/records/bulk", [keyed("a", 4)], JSON, schema="kv", on_conflict="update"))
    traced.step("one that is left out", lambda: traced.ask(
        "POST", "/api/v1/records/bulk", [keyed("a", 5)], JSON, schema="kv", on_conflict="ignore"))
    traced.step("a record changed", lambda: traced.ask("PATCH", "/api/v1/records/kv/b", {"n": 7}, JSON))
    traced.step("a record deleted", lambda: traced.ask("DELETE", "/api/v1/records/kv/c", status=204))
    schema["fields"].append({"name": "n", "type": "integer"})
    traced.step("the next version of the schema: dead rows are merged away first", lambda: traced.ask(
        "PUT", "/api/v1/schemas/kv", schema, JSON))
    traced.step("the schema removed", lambda: traced.ask("DELETE", "/api/v1/schemas/kv", status=204))


def is_synced(commit):
    """Whether a commit is on the disk, and the note that says so."""
    wanted = [f"sync /parquet/commit_{commit:012}.parquet", "sync_folder /parquet",
              "rename /parquet/.commit-numbers.tmp -> /parquet/.commit-numbers", "sync_folder /parquet"]  # fmt: skip

    def all_there(lines):
        there = iter(lines)
        return all(line in there for line in wanted)

    return all_there


def by_commit(folder):
    traced = Traced(folder, QUIET)
    try:
        all_records(traced)
        keyed_collection(traced)
        traced.step("stop", traced.stop)
        traced.step("start again", traced.start)
        traced.step("a commit after the restart", lambda: traced.ask("POST", "/ingest", ndjson(record(600, 1)), NDJSON))
        traced.step("stop again", traced.stop)
    finally:
        if traced.server:
            traced.server.stop()
    return traced.sections


def by_interval(folder):
    traced = Traced(folder, [*QUIET, "--durability", "interval"])
    try:
        traced.step("start", traced.start)
        traced.step("the first commit, and the disk a moment later", lambda: traced.ask(
            "POST", "/ingest", ndjson(record(1, 1)), NDJSON), until=is_synced(1))
        traced.step("a second commit", lambda: traced.ask(
            "POST", "/ingest", ndjson(record(2, 1)), NDJSON), until=is_synced(2))
        traced.step("stop", traced.stop)
    finally:
        if traced.server:
            traced.server.stop()
    return traced.sections


def text_of(title, sections):
    out = [f"== {title}"]
    for name, lines in sections:
        out += [f"-- {name}", *lines]
    return "\n".join(out) + "\n"


@pytest.fixture(scope="module")
def golden():
    written = os.environ.get("CANVASBACK_WRITE_GOLDEN")
    if written:
        GOLDEN.write_text("")
    return GOLDEN.read_text() if not written else None


@pytest.mark.parametrize(("title", "history"), [("durability = commit", by_commit),
                                                ("durability = interval", by_interval)])  # fmt: skip
def test_operations_are_those_of_the_golden_trace(tmp_path, golden, title, history):
    text = text_of(title, history(tmp_path / "server"))
    if golden is None:
        with GOLDEN.open("a") as file:
            file.write(text)
        return
    expected = ["== " + part for part in golden.split("== ") if part.startswith(title + "\n")]
    assert len(expected) == 1
    assert text.splitlines() == expected[0].splitlines()
