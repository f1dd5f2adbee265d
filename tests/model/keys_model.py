"""Random histories of keyed collections against a model of them in a few dictionaries.

Each history is a collection of its own: a schema with a single, a composite or no primary key and unique fields; then
records that are inserted, replaced, ignored, patched and deleted, one by one and in batches, while the collection is
compacted, archived, restored and the server restarted (once for many histories). Fields without a declared type take
values of every kind, so that side columns (v__string, v__double) come and go. After every step the status must be the
model's; now and then and at the end the whole content must be: each record by its key, all by SQL, their number, and
what `verify` says.

    keys_model.py --histories 10000 --seed 7      # the long form
    keys_model.py --short                         # about a minute
"""

import argparse
import http.client
import json
import math
import pathlib
import random
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "functional"))

from serving import Server  # noqa: E402

JSON = {"Content-Type": "application/json"}
SHORT_SECONDS = 60
BUSY_SECONDS = 60
HISTORIES_OF_A_SERVER = 48  # between two restarts, as many collections
STEPS_OF_A_ROUND = 9
ROUNDS = 3
THREADS = 4

VALUES = [None, 0, 1, -7, 2**53, 2**53 + 1, -(2**63), 2**64, 10**37 + 3, 10**45, 0.5, -0.0, 1e300,
          5.0, 1e17, True, False,
          "", "text", "5", "true", "2025-01-02", "é\n\"'", [], [1, 2], [1.5, None], ["a"], [1,
          "a"], [[1], []], [{"q": 1}],
          [{"q": "x"}], {}, {"a": 1}, {"a": "x"}, {"a": {"b": [1]}, "c": None}, {"a": [{"b": 1}, None]}]  # fmt: skip
TEXT_KEYS = ["a", "b", "a/b", "a,b", "", "%2F", "ä", ".", "1", "x y"]
TIME_KEYS = ["2025-01-01T00:00:00Z", "2025-01-01T01:00:00+01:00", "2025-06-01", "2025-06-01T00:00:00.5Z"]
TIMES = {"2025-01-01T00:00:00Z": 0, "2025-01-01T01:00:00+01:00": 0, "2025-06-01": 1, "2025-06-01T00:00:00.5Z": 2}
FIELDS = {"string": TEXT_KEYS, "integer": [0, 1, -3, 2**60], "boolean": [True, False], "timestamp": TIME_KEYS}


class Wrong(Exception):
    """The program and the model differ."""


def key_value(kind, value):
    return TIMES[value] if kind == "timestamp" else value


def same(kept, told):
    """Whether a value of the model is what a column of its field says."""
    if isinstance(kept, bool) or kept is None:
        return told is kept or (kept is not None and told == str(kept).lower())
    if isinstance(kept, int):
        return not isinstance(told, bool) and (told == kept or told == str(kept))
    if isinstance(kept, float):
        if isinstance(told, str):  # an integer of many digits is told as text
            return told.lstrip("-").isdigit() and int(told) == kept and kept != 0
        same_sign = isinstance(told, int | float) and math.copysign(1, told) == math.copysign(1, kept)
        return same_sign and told == kept
    if isinstance(kept, str):
        return told == kept
    if isinstance(told, str) and told[:1] in ("[", "{"):  # a list or object that is kept as its text
        told = json.loads(told)
    if isinstance(kept, dict):
        return isinstance(told, dict) and difference(kept, told) is None
    return isinstance(told, list) and len(kept) == len(told) and all(map(same, kept, told))


def difference(kept, told):
    """What of an object is told otherwise than kept: each member in one column of its name; None: nothing."""
    left = {name: value for name, value in told.items() if value is not None}
    for name, value in kept.items():
        if value is None:
            continue
        columns = [column for column in (name, name + "__double", name + "__string") if column in left]
        if len(columns) != 1:
            return f"{name} is {value!r}, told in {columns}"
        told_value = left.pop(columns[0])
        if not same(value, told_value):
            return f"{name} is {value!r}, told {told_value!r}"
    return f"{left} is told beside the rest" if left else None


class Client:
    """One connection that is opened again where it was closed."""

    def __init__(self, server):
        self.server = server
        self.connection = None

    def ask(self, method, path, body=None, **query):
        target = path + ("?" + urllib.parse.urlencode(query, doseq=True) if query else "")
        data = None if body is None else json.dumps(body).encode()
        for last in (False, True):
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
            try:
                self.connection.request(method, target, data, JSON)
                answer = self.connection.getresponse()
                return answer.status, answer.read()
            except (http.client.BadStatusLine, ConnectionResetError, BrokenPipeError):
                self.connection = None  # an idle connection that the server had closed
                if last:
                    raise

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


class History:
    """One collection, and what it must be."""

    def __init__(self, name, seed):
        self.name = name
        self.seed = seed
        self.random = random.Random(seed)
        self.key = self.random.choice([[("k", "string")], [("k", "integer")], [("k", "timestamp")],
                                       [("k", "string"), ("l", "integer")], [("k", "string"), ("l", "string")],
                                       [("k", "boolean"), ("l", "timestamp")], []])  # fmt: skip
        self.unique = self.random.choice([[], ["u"], ["u", "w"]])
        if not self.key and not self.unique:
            self.unique = ["u"]
        self.live = {}  # key: record; without a primary key the number of the record
        self.archived = {}
        self.rows = 0
        self.steps = []
        self.client = None

    # What the rules say

    def key_of(self, record):
        if not self.key:
            self.rows += 1
            return self.rows
        return tuple(key_value(kind, record[name]) for name, kind in self.key)

    def holders(self, live, field, value):
        return [key for key, record in live.items() if record.get(field) == value]

    def write(self, records, mode):
        """The status of a batch; the model is what it is then."""
        after = dict(self.live)
        written = []
        for record in records:
            key = self.key_of(record)
            if self.key and key in after:
                if mode == "refuse":
                    return 409
                if mode == "ignore":
                    continue
            after[key] = record
            written.append(key)
        for key in written:
            for field in self.unique:
                value = after[key].get(field)
                if value is not None and len(self.holders(after, field, value)) > 1:
                    return 409
        self.live = after
        return 200

    # Steps

    def ask(self, expected, method, path, body=None, **query):
        self.steps.append((method, path, body, query, expected))
        status, answer = self.client.ask(method, path, body, **query)
        for _ in range(BUSY_SECONDS):
            if status != 429:
                break
            time.sleep(1)  # nothing was done: on a machine that is busy with other work it is asked again
            status, answer = self.client.ask(method, path, body, **query)
        if status != expected:
            raise Wrong(f"{method} {path} {query} {json.dumps(body)}: {status}, expected {expected}: {answer[:500]}")
        return json.loads(answer) if answer else None

    def make(self):
        fields = [{"name": name, "type": kind, "required": True} for name, kind in self.key]
        fields += [{"name": name, "type": "string", "unique": True} for name in self.unique]
        body = {"name": self.name, "primary_key": [name for name, _ in self.key], "fields": fields}
        self.ask(201, "POST", "/api/v1/schemas", body)

    def unique_value(self):
        return self.random.choice([None, "x", "y", "z", "q", "r"])

    def a_key(self):
        if self.live and self.random.random() < 0.5:
            record = self.random.choice(list(self.live.values()))
            return {name: record[name] for name, _ in self.key}
        return {name: self.random.choice(FIELDS[kind]) for name, kind in self.key}

    def a_record(self):
        record = self.a_key()
        for field in self.unique:
            if self.random.random() < 0.7:
                record[field] = self.unique_value()
        for field in ("v", "n"):
            if self.random.random() < 0.6:
                record[field] = self.random.choice(VALUES)
        if self.random.random() < 0.3:  # of an old week, which may be archived
            record["timestamp"] = f"2024-0{self.random.randint(1, 3)}-10T00:00:00Z"
        return record

    def address(self, key):
        """A path and query; in one of the ways that there are."""
        texts = [json.dumps(key[name]) if isinstance(key[name], bool) else str(key[name]) for name, _ in self.key]
        base = f"/api/v1/records/{self.name}"
        if texts in ([""], ["."], [".."]) or self.random.random() < 0.3:
            return base, {"key": texts}
        return base + "/" + ",".join(urllib.parse.quote(text, safe="") for text in texts), {}

    def step(self):
        choices = [self.insert, self.insert, self.batch, self.batch, self.batch]
        if self.key:
            choices += [self.patch, self.patch, self.patch, self.put, self.delete, self.look, self.swap]
        choices += [self.compact] if self.random.random() < 0.5 else []
        choices += [self.archive] if self.key and self.random.random() < 0.15 else []
        self.random.choice(choices)()

    def insert(self):
        record = self.a_record()
        status = self.write([record], "refuse")
        self.ask(201 if status == 200 else status, "POST", "/api/v1/records", record, schema=self.name)

    def batch(self):
        records = [self.a_record() for _ in range(self.random.randint(1, 5))]
        mode = self.random.choice(["refuse", "update", "ignore"] if self.key else ["refuse"])
        status = self.write(records, mode)
        self.ask(status, "POST", "/api/v1/records/bulk", records, schema=self.name, on_conflict=mode)

    def swap(self):
        """Two records exchange their unique values in one batch."""
        if len(self.live) < 2 or not self.unique:
            return
        one, two = self.random.sample(list(self.live.values()), 2)
        field = self.random.choice(self.unique)
        records = [{**one, field: two.get(field)}, {**two, field: one.get(field)}]
        self.ask(self.write(records, "update"), "POST", "/api/v1/records/bulk", records, schema=self.name,
                 on_conflict="update")  # fmt: skip

    def put(self):
        key, record = self.a_key(), self.a_record()
        record.update(key)
        status = self.write([record], "update") if self.key_of(key) in self.live else 404
        path, query = self.address(key)
        left_out = {name for name, _ in self.key if self.random.random() < 0.5}
        body = {name: value for name, value in record.items() if name not in left_out}
        self.ask(status, "PUT", path, body, **query)

    def patch(self):
        key = self.a_key()
        changes = {field: self.random.choice(VALUES) for field in ("v", "n", "m") if self.random.random() < 0.4}
        changes.update({field: self.unique_value() for field in self.unique if self.random.random() < 0.3})
        known = self.live.get(self.key_of(key))
        status = 404
        if known is not None:
            record = {name: value for name, value in {**known, **changes}.items() if value is not None}
            status = self.write([record], "update")
        path, query = self.address(key)
        self.ask(status, "PATCH", path, changes, **query)

    def delete(self):
        key = self.a_key()
        known = self.live.pop(self.key_of(key), None)
        if known is not None:  # and every version of it that was ingested before
            self.archived.pop(self.key_of(key), None)
        path, query = self.address(key)
        self.ask(404 if known is None else 204, "DELETE", path, **query)

    def look(self):
        key = self.a_key()
        known = self.live.get(self.key_of(key))
        path, query = self.address(key)
        told = self.ask(404 if known is None else 200, "GET", path, **query)
        if known is not None:
            self.compare(known, told["data"], path)

    def compact(self):
        self.ask(200, "POST", f"/api/v1/collections/{self.name}/compact", {})

    def archive(self):
        """The old weeks go and come back, with whatever was done in between."""
        if self.archived:
            return self.restore()
        self.ask(200, "POST", f"/api/v1/collections/{self.name}/archive", {"before": "2024-W30"})
        self.archived = {k: r for k, r in self.live.items() if "timestamp" in r}
        self.live = {k: r for k, r in self.live.items() if "timestamp" not in r}

    def restore(self):
        if not self.archived:
            return
        result = self.ask(200, "POST", f"/api/v1/collections/{self.name}/restore", {})["result"]
        # What was kept meanwhile is newer; what was deleted was not there to be deleted.
        self.live = {**self.archived, **self.live}
        self.archived = {}
        self.check_shared([problem["problem"] for problem in result.get("problems", [])])
        if self.shared():
            # Values that two have are made one's own, so that the rules of the next steps are the usual ones.
            for field in self.unique:
                for value in {r.get(field) for r in self.live.values()} - {None}:
                    for key in self.holders(self.live, field, value)[1:]:
                        self.free(key, field)

    def free(self, key, field):
        record = self.live[key]
        path, query = self.address({name: record[name] for name, _ in self.key})
        self.live[key] = {name: value for name, value in record.items() if name != field and value is not None}
        shared = any(len(self.holders(self.live, f, r.get(f))) > 1
                     for f in self.unique for r in [self.live[key]] if r.get(f) is not None)  # fmt: skip
        if shared:  # another of its values is shared still: refused, so that is freed as well
            self.live[key] = {n: v for n, v in self.live[key].items() if n not in self.unique}
            self.ask(200, "PATCH", path, dict.fromkeys(self.unique), **query)
        else:
            self.ask(200, "PATCH", path, {field: None}, **query)

    # Comparisons

    def shared(self):
        out = {}
        for field in self.unique:
            values = [record.get(field) for record in self.live.values() if record.get(field) is not None]
            count = sum(values.count(value) for value in set(values) if values.count(value) > 1)
            if count:
                out[field] = count
        return out

    def check_shared(self, problems):
        expected = sorted(f'{count} records have a value of the unique field "{field}"'
                          for field, count in self.shared().items())  # fmt: skip
        told = sorted(problem.split(" that another")[0] for problem in problems)
        if told != expected:
            raise Wrong(f"shared values: {told}, expected {expected}")

    def compare(self, record, row, where):
        row = {name: value for name, value in row.items() if name not in ("ingested_at", "id")}
        record = dict(record)
        for name, kind in self.key:
            if kind == "timestamp":  # it was found by it
                del record[name], row[name]
        wrong = difference(record, row)
        if wrong:
            raise Wrong(f"{where}: {wrong}: {record}, told {row}")

    def check(self):
        document = self.ask(200, "POST", "/api/v1/query", {"sql": f'SELECT count(*) FROM "{self.name}"'})
        if document["rows"] != [[len(self.live)]]:
            raise Wrong(f"{document['rows']} records, expected {len(self.live)}")
        document = self.ask(200, "POST", "/query/sql", {"sql": f'SELECT * FROM "{self.name}"', "limit": 10_000})
        if len(document["data"]) != len(self.live):
            raise Wrong(f"{len(document['data'])} rows, expected {len(self.live)}")
        for key, record in self.live.items():
            if self.key:
                path, query = self.address({name: record[name] for name, _ in self.key})
                self.compare(record, self.ask(200, "GET", path, **query)["data"], path)
            elif not any(self.fits(record, row) for row in document["data"]):
                raise Wrong(f"no row is {record} (of {key})")
        if self.random.random() < 0.3:
            verified = self.ask(200, "POST", f"/api/v1/collections/{self.name}/verify", {})["result"]
            self.check_shared([problem["problem"] for problem in verified["problems"]])

    def fits(self, record, row):
        try:
            self.compare(record, row, "")
        except Wrong:
            return False
        return True

    def run_round(self, server, first, last):
        self.client = Client(server)
        try:
            if first:
                self.make()
            else:
                self.check()
            for _ in range(self.random.randint(1, STEPS_OF_A_ROUND)):
                self.step()
                if self.random.random() < 0.05:
                    self.check()
            if last:
                self.restore()
            self.check()
        finally:
            self.client.close()


def run_some(folder, histories):
    """These histories side by side, with restarts between their rounds."""
    for number in range(ROUNDS):
        with Server(folder, flags=["--merge-after-s", "3600", "--grace-s", "0"]) as server:
            left = list(histories)
            wrong = []

            def work(server=server, left=left, wrong=wrong, number=number):
                while left and not wrong:
                    history = left.pop()
                    try:
                        history.run_round(server, number == 0, number == ROUNDS - 1)
                    except Exception as error:  # noqa: BLE001
                        wrong.append((history, error))

            threads = [threading.Thread(target=work) for _ in range(THREADS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            if not server.alive:
                raise Wrong("the server has ended\n" + server.tail())
            for history, error in wrong:
                print(f"history of seed {history.seed} (key {history.key}, unique {history.unique}):", file=sys.stderr)
                for step in history.steps:
                    print("  ", *step, file=sys.stderr)
                print(server.tail(20), file=sys.stderr)
                raise error


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--short", action="store_true", help=f"as many as {SHORT_SECONDS} seconds allow")
    options = parser.parse_args()
    begun = time.monotonic()
    done = 0
    while done < options.histories and not (options.short and time.monotonic() - begun > SHORT_SECONDS):
        count = min(HISTORIES_OF_A_SERVER, options.histories - done)
        histories = [History(f"c{i}", options.seed * 1_000_003 + done + i) for i in range(count)]
        with tempfile.TemporaryDirectory() as folder:
            run_some(folder, histories)
        done += count
    print(f"{done} histories, seed {options.seed}, {time.monotonic() - begun:.0f} s: as the model says")


if __name__ == "__main__":
    main()
