"""Collections: records sent by every way there is, and what comes back, read by this server and by two others."""

import contextlib
import glob
import gzip
import http.client
import json
import os
import pathlib
import signal
import subprocess
import threading

import duckdb
import polars
import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest
from serving import BINARY, Server, wait_for

NDJSON = {"Content-Type": "application/x-ndjson"}


def ndjson(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def send(server, records, headers=None, path="/ingest", **query):
    body = records if isinstance(records, bytes) else ndjson(records)
    answer = server.ask("POST", path, body, {**NDJSON, **(headers or {})}, **query)
    assert answer.status == 200, answer.body[:800]
    return answer.json()


def sql(server, text, **body):
    answer = server.ask("POST", "/query/sql", {"sql": text, **body})
    assert answer.status == 200, answer.body[:800]
    return answer.json()["data"]


def files_of(server, kind="*"):
    return sorted(glob.glob(str(server.folder / "data/parquet" / f"{kind}.parquet")))


@pytest.fixture
def server(serve):
    return serve()


def test_records_are_there_once_they_are_acknowledged(server):
    for number in range(20):
        answer = send(server, [{"id": f"r{number}", "n": number}])
        assert answer["records_processed"] == 1 and answer["durability"] == "commit"
        assert sql(server, "SELECT count(*) AS n, max(n) AS newest FROM all_records") == [
            {"n": number + 1, "newest": number}]  # fmt: skip


@pytest.mark.parametrize(("body", "headers", "count"), [
    (b'{"records": [{"a": 1}, {"a": 2}]}', {"Content-Type": "application/json"}, 2),
    (b'[{"a": 1}, {"a": 2}]', {"Content-Type": "application/json"}, 2),
    (b'{"a": 1}', {"Content-Type": "application/json"}, 1),
    (b'{"a": 1}\n{"a": 2}\n\n{"a": 3}', {"Content-Type": "application/x-ndjson"}, 3),
    (b'\xef\xbb\xbf{"a": 1}\r\n{"a": 2}\r\n', {"Content-Type": "application/x-ndjson"}, 2),
    (gzip.compress(b'{"a": 1}\n{"a": 2}\n'), {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}, 2),
    (pyarrow.compress(b'[{"a": 1}]', codec="zstd", asbytes=True),
     {"Content-Type": "application/json", "Content-Encoding": "zstd"}, 1),
    (b'{"a": 1}{"a": 2}', {"Content-Type": "application/json"}, 2),
    (b'{"a": 1} {"a": 2}\n{"a": 3}', {"Content-Type": "application/json"}, 3),
    (b'{"a": 1, "b": "}{\\""}{"a": 2}', {"Content-Type": "application/json"}, 2),
    (b"[]", {"Content-Type": "application/json"}, 0),
])  # fmt: skip
@pytest.mark.parametrize("path", ["/ingest", "/ingest/file"])
def test_every_shape_of_a_body(server, path, body, headers, count):
    answer = server.ask("POST", path, body, headers)
    assert (answer.status, answer.json()["records_processed"]) == (200, count), answer.body
    if count:
        assert sql(server, "SELECT count(a) AS n, min(a) AS first FROM all_records") == [{"n": count, "first": 1}]


def form(content, name, boundary="xyz", field="file"):
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--{boundary}\r\n'
    head += f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode()


@pytest.mark.parametrize(("name", "content"), [
    ("a.ndjson", b'{"a": 1}\n{"a": 2}\n'), ("a.json", b'[{"a": 1}, {"a": 2}]'),
    ("a.jsonl.gz", gzip.compress(b'{"a": 1}\n{"a": 2}\n')), ("a", b'[{"a": 1},\r\n\r\n{"a": "--xyz"}]'),
])  # fmt: skip
def test_a_form_with_a_file(server, name, content):
    headers = {"Content-Type": "multipart/form-data; boundary=xyz"}
    answer = server.ask("POST", "/ingest/file", form(content, name), headers)
    assert (answer.status, answer.json().get("records_processed")) == (200, 2), answer.body
    for broken in (form(content, name)[:-9], b"", b"--xyz--\r\n", form(content, name, "abc")):
        answer = server.ask("POST", "/ingest/file", broken, headers)
        assert (answer.status, answer.code) == (400, "InvalidData"), broken
    assert sql(server, "SELECT count(*) AS n FROM all_records") == [{"n": 2}]


def typed_table():
    return pyarrow.table({
        "i": pyarrow.array([1, None, -3], pyarrow.int16()), "u": pyarrow.array([2**64 - 1, 0, None], pyarrow.uint64()),
        "d": [0.1, None, 2.5], "s": pyarrow.array(["ä", None, ""]).dictionary_encode(),
        "t": pyarrow.array([0, 1_700_000_000_123_456, None], pyarrow.timestamp("us", "Europe/Paris")),
        "day": pyarrow.array([0, 20_000, None], pyarrow.date32()), "l": [[1, 2], None, []],
        "o": [{"a": 1}, None, {"a": 2}],
    })  # fmt: skip


def as_parquet(table):
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink)
    return sink.getvalue().to_pybytes()


def as_arrow(table, file):
    sink = pyarrow.BufferOutputStream()
    with (pyarrow.ipc.new_file if file else pyarrow.ipc.new_stream)(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(("name", "make"), [
    ("a.parquet", as_parquet), ("a.arrow", lambda table: as_arrow(table, True)),
    ("a.arrows", lambda table: as_arrow(table, False)),
    ("a.parquet.gz", lambda table: gzip.compress(as_parquet(table))),
])  # fmt: skip
def test_typed_files_keep_their_values(server, name, make):
    body = make(typed_table())
    headers = {"Content-Type": "multipart/form-data; boundary=xyz"}
    answer = server.ask("POST", "/ingest/file", form(body, name), headers)
    assert (answer.status, answer.json().get("records_processed")) == (200, 3), answer.body
    rows = sql(server, "SELECT i, u::VARCHAR AS u, d, s, epoch_us(t) AS t, day::VARCHAR AS day, l, o FROM all_records")
    assert rows == [
        {"i": 1, "u": str(2**64 - 1), "d": 0.1, "s": "ä", "t": 0, "day": "1970-01-01", "l": [1, 2], "o": {"a": 1}},
        {"i": None, "u": "0", "d": None, "s": None, "t": 1700000000123456, "day": "2024-10-04", "l": None, "o": None},
        {"i": -3, "u": None, "d": 2.5, "s": "", "t": None, "day": None, "l": [], "o": {"a": 2}}]  # fmt: skip
    for broken in (body[:-20], body[:50], b"PAR1", b""):
        answer = server.ask("POST", "/ingest/file", form(broken, name), headers)
        assert answer.status == 400, (len(broken), answer.body)
    assert sql(server, "SELECT count(*) AS n FROM all_records") == [{"n": 3}]


def test_times_beyond_those_of_records_are_refused(server):
    headers = {"Content-Type": "multipart/form-data; boundary=xyz"}
    far = pyarrow.array([0, 2**62], pyarrow.timestamp("s"))
    # A list of lists is kept as text.
    nested = pyarrow.array([[[0]], [[2**62]]], pyarrow.list_(pyarrow.list_(pyarrow.timestamp("s"))))
    for values in (far, nested):
        body = form(as_arrow(pyarrow.table({"n": [1, 2], "t": values}), True), "a.arrow")
        answer = server.ask("POST", "/ingest/file", body, headers, collection="far")
        assert (answer.status, answer.code) == (400, "InvalidData"), answer.body
        assert "4611686018427387904 of the type timestamp[s] is outside" in answer.json()["detail"], answer.body


def test_csv_cells_are_looked_at_one_by_one(server):
    body = b'\xef\xbb\xbfn,text,mixed,"a ""b"""\r\n1,x,1,\r\n0.5,"two\nlines",007,""\r\n\r\n,,true,end'
    answer = server.ask("POST", "/ingest/file", body, {"Content-Type": "text/csv"})
    assert (answer.status, answer.json().get("records_processed")) == (200, 3), answer.body
    rows = sql(server, 'SELECT n, text, mixed, mixed__string, "a ""b""" AS q FROM all_records')
    assert rows == [
        {"n": 1, "text": "x", "mixed": 1, "mixed__string": None, "q": None},
        {"n": 0.5, "text": "two\nlines", "mixed": None, "mixed__string": "007", "q": ""},
        {"n": None, "text": None, "mixed": None, "mixed__string": "true", "q": "end"}]  # fmt: skip
    for broken in (b"a,b\n1\n", b'a\n"x', b'a\n"x"y\n', b"a,a\n1,2\n", b"a\n\xff\n"):
        answer = server.ask("POST", "/ingest/file", broken, {"Content-Type": "text/csv"})
        assert (answer.status, answer.code) == (400, "InvalidData"), broken


def hard_values():
    planes = [chr(plane * 0x10000 + 0x1234) for plane in range(17)]
    yield {"id": "numbers", "i": 2**53 + 1, "u": 2**64 - 1, "d": 0.1, "neg": -(2**63), "tiny": 5e-324}
    yield {"id": "text", "s": "".join(planes) + "\u0000\n\"\\/", "empty": ""}
    yield {"id": "nested", "o": {"a": [1, None, 3], "b": {"c": "x"}}, "l": [{"k": 1}, {"k": 2, "m": "y"}]}


@pytest.mark.parametrize("merged", [False, True])
def test_values_come_back_exactly_in_other_readers(serve, merged):
    server = serve()
    send(server, list(hard_values()))
    if merged:
        server.stop()
        assert subprocess.run([BINARY, "compact", "--data", server.folder / "data"], check=False).returncode == 0
    paths = files_of(server)
    assert len(paths) == 1 and ("commit" in paths[0]) == (not merged)
    rows = {row["id"]: row for row in pyarrow.parquet.read_table(paths[0]).to_pylist()}
    connection = duckdb.connect()
    other = {row[0]: row for row in connection.execute(
        f"SELECT id, i, u, d, neg, tiny, s, o, l FROM '{paths[0]}'").fetchall()}  # fmt: skip
    numbers, text, nested = hard_values()
    for key in ("i", "u", "d", "neg", "tiny"):
        assert rows["numbers"][key] == numbers[key] and type(numbers[key])(rows["numbers"][key]) == numbers[key]
    assert other["numbers"][1:6] == tuple(numbers[key] for key in ("i", "u", "d", "neg", "tiny"))
    assert rows["text"]["s"] == text["s"] == other["text"][6]
    third = {row["id"]: row for row in polars.read_parquet(paths[0]).to_dicts()}
    for key in ("i", "u", "d", "neg", "tiny"):
        assert type(numbers[key])(third["numbers"][key]) == numbers[key], key
    assert third["text"]["s"] == text["s"] and third["text"]["empty"] == "" and third["nested"]["o"] == nested["o"]
    assert rows["nested"]["o"] == nested["o"] == other["nested"][7]
    assert other["nested"][8] == [{"k": 1, "m": None}, {"k": 2, "m": "y"}] == rows["nested"]["l"]


SIX = [{"k": 0, "v": 7}, {"k": 1, "v": 0.25}, {"k": 2, "v": True}, {"k": 3, "v": "t"}, {"k": 4, "v": [1, "x"]},
       {"k": 5, "v": {"b": 1, "a": None}}]  # fmt: skip


@pytest.mark.parametrize("groups", [[[0, 1, 2, 3, 4, 5]], [[5], [4], [3], [2], [1], [0]], [[3, 0], [1], [5, 2, 4]]])
def test_types_that_meet_in_later_commits_have_the_same_columns(server, groups):
    for group in groups:
        send(server, [SIX[i] for i in group])
    rows = sql(server, "SELECT k, v, v__string FROM all_records ORDER BY k")
    assert [row["v"] for row in rows] == [7, 0.25, None, None, None, None]
    texts = [row["v__string"] for row in rows]
    assert texts[:4] == [None, None, "true", "t"]
    assert json.loads(texts[4]) == [1, "x"] and json.loads(texts[5])["b"] == 1
    document = server.get("/schema").json()
    assert {column["name"]: column["type"] for column in document["columns"] if column["key"] == "v"} == {
        "v": "DOUBLE", "v__string": "VARCHAR"}  # fmt: skip
    assert len(document["conflicts"]) >= 4 and all(entry["key"] == "v" for entry in document["conflicts"])


def test_numbers_that_meet_in_later_commits(server):
    for value in (1, 0.5, 2**53 + 1, 2.0, 2**64 - 1):
        send(server, [{"v": value}])
    rows = sql(server, 'SELECT v::VARCHAR AS v, "v__double" AS d FROM all_records ORDER BY ingested_at')
    assert [(row["v"], row["d"]) for row in rows] == [
        ("1", None), (None, 0.5), ("9007199254740993", None), ("2", None), ("18446744073709551615", None)]  # fmt: skip


def test_structs_grow_in_later_commits(server):
    for value in ({"a": 1}, {"b": {"c": "x"}}, {}, {"a": 0.5, "b": {"d": [1]}}):
        send(server, [{"o": value, "l": [value]}])
    rows = sql(server, "SELECT o, l FROM all_records ORDER BY ingested_at")
    expected = [{"a": 1.0, "b": None}, {"a": None, "b": {"c": "x", "d": None}}, {"a": None, "b": None},
                {"a": 0.5, "b": {"c": None, "d": [1]}}]  # fmt: skip
    assert [row["o"] for row in rows] == expected and [row["l"][0] for row in rows] == expected


def test_a_key_that_comes_late_is_kept(server):
    records = b"".join(b'{"n":%d}\n' % n for n in range(300_000)) + b'{"n":300000,"late":"here"}\n'
    answer = send(server, records, path="/ingest/file")
    assert answer["records_processed"] == 300_001
    assert sql(server, "SELECT n, late FROM all_records WHERE late IS NOT NULL") == [{"n": 300_000, "late": "here"}]
    assert sql(server, "SELECT count(*) AS c, sum(n) AS s FROM all_records")[0]["c"] == 300_001
    assert len(files_of(server, "commit_*of2")) == 2


def test_a_long_body_makes_files_that_end(server):
    """What a file's footer will say is held in memory until then."""
    count = 4_300_000
    answer = send(server, b'{"n":1}\n' * count, path="/ingest/file")
    assert answer["records_processed"] == count
    assert sql(server, "SELECT count(*) AS c, sum(n)::BIGINT AS s FROM all_records") == [{"c": count, "s": count}]
    first, second = (pyarrow.parquet.read_metadata(file) for file in files_of(server, "commit_*of2"))
    assert first.num_rows + second.num_rows == count
    # Whole row groups: the first file ends where the next one would have made it too long.
    assert first.num_rows <= 4_194_304 < first.num_rows + second.row_group(0).num_rows


TORTURE = [
    (b'{"a": 1', "Malformed"), (b'{"a": 1, "a": 2}', "twice"), (b'{"a": NaN}', "Malformed"), (b"[1, 2]", "object"),
    (b'{"a": "\\ud800"}', "surrogate"), (b'{"a": 1e999}', "large"), (b'{"a": "\xff"}', "UTF-8"),
    (b'{"a": ' + b"[" * 200 + b"]" * 200 + b"}", "deep"), (b'{"a": "' + b"x" * 17_000_000 + b'"}', "longer"),
    (b"nonsense", "object"), (b'{"a": 00}', "Malformed"),
]  # fmt: skip


@pytest.mark.parametrize("path", ["/ingest", "/ingest/file"])
def test_bad_records_refuse_the_batch_or_are_put_aside(server, path):
    lines = []
    for bad, _ in TORTURE:
        lines += [b'{"good": 1}\r\n', bad + b"\n"]
    body = b"".join(lines)
    answer = server.ask("POST", path, body, NDJSON)
    assert (answer.status, answer.code) == (400, "InvalidData")
    told = {error["line"]: error["message"] for error in answer.json()["errors"]}
    assert set(told) == {2 * i + 2 for i in range(len(TORTURE))}, told
    for i, (_, message) in enumerate(TORTURE):
        assert message in told[2 * i + 2], (i, told[2 * i + 2])
    assert server.get("/statistics").json()["total_records"] == 0 and files_of(server) == []

    answer = send(server, body, path=path, on_error="quarantine")
    assert (answer["records_processed"], answer["quarantined"]) == (len(TORTURE), len(TORTURE))
    assert sql(server, "SELECT count(good) AS n FROM all_records") == [{"n": len(TORTURE)}]
    aside = glob.glob(str(server.folder / "data/quarantine/*.ndjson"))
    texts = [json.loads(line) for line in open(aside[0], encoding="utf-8", errors="replace")]
    assert {entry["line"] for entry in texts} >= {2, 4, 6, 8, 10, 12}


def test_one_bad_request_harms_no_other(server):
    results = {}

    def one(number):
        body = b'{"n": %d}' % number if number % 3 else b'{"n": '
        results[number] = server.ask("POST", "/ingest", body, NDJSON).status

    threads = [threading.Thread(target=one, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: 200 if number % 3 else 400 for number in range(60)}
    assert sql(server, "SELECT count(*) AS n, count(DISTINCT n) AS d FROM all_records") == [{"n": 40, "d": 40}]


@pytest.mark.parametrize("path", ["/ingest", "/ingest/file"])
def test_a_repeated_request_does_nothing_again(serve, tmp_path, path):
    big = path == "/ingest/file"
    records = ndjson([{"n": n, "fill": "x" * 50} for n in range(40_000 if big else 5)])
    with Server(tmp_path / "one") as server:
        first = send(server, records, {"Idempotency-Key": "k1"}, path=path)
        again = send(server, records, {"Idempotency-Key": "k1"}, path=path)
        assert not first["repeated"] and again["repeated"] and again["commit"] == first["commit"]
        send(server, records, {"Idempotency-Key": "k2"}, path=path)
    for command in (None, "compact"):
        if command:
            assert subprocess.run([BINARY, command, "--data", tmp_path / "one/data"], check=False).returncode == 0
        with Server(tmp_path / "one") as server:
            third = send(server, records, {"Idempotency-Key": "k1"}, path=path)
            assert third["repeated"] and third["records_processed"] == first["records_processed"]
            count = 2 * first["records_processed"]
            assert sql(server, "SELECT count(*) AS n FROM all_records") == [{"n": count}]


def test_weeks_are_parts_and_may_be_moved(serve, tmp_path):
    records = [{"id": f"d{day}", "timestamp": f"2025-{10 + day // 28:02}-{day % 28 + 1:02}T10:00:00Z"}
               for day in range(56)]  # fmt: skip
    with Server(tmp_path / "one") as server:
        send(server, records)
        send(server, [{"id": "other", "ts": "2025-10-20 23:59:59"}, {"id": "now"}])
    data = tmp_path / "one/data"
    run = lambda *arguments: subprocess.run(  # noqa: E731
        [BINARY, *arguments, "--data", data], capture_output=True, text=True, check=False)
    assert run("compact").returncode == 0
    names = [os.path.basename(path) for path in sorted(glob.glob(str(data / "parquet/*")))]
    assert "data_2025_w43.parquet" in names and not [name for name in names if "commit" in name]
    week = pyarrow.parquet.read_table(data / "parquet/data_2025_w43.parquet")
    assert week.column("id").to_pylist().count("other") == 1 and week.num_rows == 8
    times = [value or other for value, other in zip(week["timestamp"].to_pylist(), week["ts"].to_pylist(), strict=True)]
    times = [text.replace("T", " ").rstrip("Z") for text in times]
    assert times == sorted(times)
    assert run("verify").returncode == 0
    with Server(tmp_path / "one") as server:

        def count():
            # Until the move is noticed, within two seconds, a statement may still look for the file.
            answer = server.ask("POST", "/query/sql", {"sql": "SELECT count(*) AS n FROM all_records"})
            return answer.json()["data"][0]["n"] if answer.status == 200 else None

        assert count() == 58
        os.makedirs(data / "archive", exist_ok=True)
        os.rename(data / "parquet/data_2025_w43.parquet", data / "archive/data_2025_w43.parquet")
        wait_for(lambda: count() == 50)
        os.rename(data / "archive/data_2025_w43.parquet", data / "parquet/data_2025_w43.parquet")
        wait_for(lambda: count() == 58)
        found = server.ask("POST", "/query/date-range", {"start": "2025-10-20", "end": "2025-10-26"}).json()["data"]
        assert len(found) == 8
    moved = run("archive", "--before", "2025-W43")
    assert moved.returncode == 0 and "data_2025_w42.parquet" in moved.stdout and "w43" not in moved.stdout
    assert run("restore").returncode == 0
    stats = json.loads(run("stats", "--format", "json").stdout)
    assert stats["total_records"] == 58 and {week["week"] for week in stats["weeks"]} >= {"2025-W40", "2025-W43"}


def test_many_commits_are_merged_while_records_come(server):
    for number in range(200):
        send(server, [{"id": f"r{number}", "n": number, f"k{number % 7}": "x"}])
    wait_for(lambda: server.get("/statistics").json()["unmerged_commits"] < 40, seconds=30)
    rows = sql(server, "SELECT count(*) AS c, count(DISTINCT id) AS d, sum(n)::BIGINT AS s FROM all_records")
    assert rows == [{"c": 200, "d": 200, "s": 19_900}]
    assert server.get("/query/id/r150").json()["data"][0]["n"] == 150
    assert (server.get("/query/id/nosuch").status, server.get("/query/id/nosuch").code) == (404, "RecordNotFound")
    assert [row["id"] for row in server.get("/query/recent", limit="3").json()["data"]] == ["r199", "r198", "r197"]


def large_merger(server):
    """The process that does the large merges: it is the one that steps back for others."""
    children = pathlib.Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return [int(pid) for pid in children if os.getpriority(os.PRIO_PROCESS, int(pid)) == 10]


def test_a_large_merge_keeps_no_small_one_waiting(serve):
    server = serve(flags=["--merge-after-s", "1"])
    send(server, b"".join(b'{"n": %d}\n' % n for n in range(300_000)), collection="big")
    wait_for(lambda: large_merger(server), seconds=30)
    (merger,) = large_merger(server)
    os.kill(merger, signal.SIGSTOP)
    try:
        statuses = []

        def write():
            for number in range(60):
                record = {"n": number, "timestamp": "2025-06-03T00:00:00Z"}
                statuses.append(server.ask("POST", "/ingest", ndjson([record]), NDJSON, collection="small").status)

        writers = [threading.Thread(target=write) for _ in range(5)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert statuses == [200] * 300
        wait_for(lambda: server.get("/statistics", collection="small").json()["unmerged_commits"] == 0, seconds=30)
        # The large one is still at it, or has not even begun.
        assert server.get("/statistics", collection="big").json()["unmerged_commits"] == 1
    finally:
        with contextlib.suppress(ProcessLookupError):  # one that does not start in time is ended
            os.kill(merger, signal.SIGCONT)
    wait_for(lambda: server.get("/statistics", collection="big").json()["unmerged_commits"] == 0, seconds=30)
    assert sql(server, "SELECT count(*) AS c, sum(n)::BIGINT AS s FROM big") == [{"c": 300_000, "s": 44_999_850_000}]


def test_bodies_that_come_slowly_keep_no_short_one_waiting(server):
    record = ndjson([{"text": "x" * 1000}])
    half = record * 1500  # more than is gathered
    uploads = []
    for _ in range(6):  # more than there are processes for them
        upload = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        upload.putrequest("POST", "/ingest/file?collection=slow")
        upload.putheader("Content-Type", "application/x-ndjson")
        upload.putheader("Content-Length", str(2 * len(half)))
        upload.endheaders(half)
        uploads.append(upload)
    for number in range(20):
        send(server, [{"n": number}])
    finishers = [threading.Thread(target=upload.send, args=(half,)) for upload in uploads]
    for finisher in finishers:
        finisher.start()
    for upload, finisher in zip(uploads, finishers, strict=True):
        finisher.join()
        answer = upload.getresponse()
        assert (answer.status, json.loads(answer.read())["records_processed"]) == (200, 3000)
        upload.close()
    assert sql(server, "SELECT count(*) AS c FROM slow") == [{"c": 18_000}]


def test_commits_that_nobody_can_merge_are_refused_beyond_a_number(server):
    record = ndjson([{"n": 1, "timestamp": "2025-06-03T00:00:00Z"}])
    assert server.ask("POST", "/ingest", record, NDJSON).status == 200
    (first,) = (server.folder / "data/parquet").glob("commit_*.parquet")

    def flip():  # a bit of its first page: merges look at the checksums of what they read
        with first.open("r+b") as file:
            file.seek(40)
            byte = file.read(1)[0]
            file.seek(40)
            file.write(bytes([byte ^ 1]))

    flip()
    for number in range(1, 1000):
        answer = server.ask("POST", "/ingest", record, NDJSON)
        if answer.status != 200:
            break
    assert (answer.status, answer.code, number) == (503, "Unavailable", 256) and first.name in answer.body.decode()
    assert int(answer.headers["retry-after"]) >= 1
    flip()
    wait_for(lambda: server.ask("POST", "/ingest", record, NDJSON).status == 200, seconds=30)
    assert sql(server, "SELECT count(*) AS c FROM all_records") == [{"c": 257}]


def test_search_finds_words_in_any_text_column(server):
    send(server, [{"id": "1", "name": "John Smith"}, {"id": "2", "city": "Johnstown"}, {"id": "3", "name": "Jane"},
                  {"id": "4", "name": "john", "n": 5}])  # fmt: skip
    found = server.ask("POST", "/query/search", {"query": "john"}).json()["data"]
    assert found[0]["id"] == "4" and {row["id"] for row in found} == {"1", "2", "4"}
    assert [row["id"] for row in server.ask("POST", "/query/search", {"query": "smith john"}).json()["data"]] == ["1"]


def test_a_collection_is_a_dataset(server):
    send(server, [{"id": f"r{n}", "n": n} for n in range(1000)])
    page = server.get("/api/v1/datasets/all_records/rows", columns="n", offset="500", limit="2").json()
    assert page["rows"] == [[500], [501]] and page["total_rows"] == 1000
    send(server, [{"id": "late", "n": 5000, "extra": 1}])
    page = server.get("/api/v1/datasets/all_records/rows", columns="n,extra", sort="-n", limit="2").json()
    assert page["rows"] == [[5000, 1], [999, None]]
    assert server.get("/api/v1/datasets/all_records/profile").status == 200
    table = server.get("/api/v1/datasets/all_records/export", format="parquet")
    assert pyarrow.parquet.read_table(pyarrow.BufferReader(table.body)).num_rows == 1001


def test_another_collection_by_name(serve, tmp_path):
    with Server(tmp_path / "one") as server:
        send(server, [{"a": 1}], collection="other")
        assert sql(server, "SELECT a FROM other") == [{"a": 1}]
    with Server(tmp_path / "one") as server:
        assert sql(server, "SELECT a FROM other") == [{"a": 1}]
        for name in ("../x", "", "a b"):
            answer = server.ask("POST", "/ingest", b'{"a": 1}', NDJSON, collection=name)
            assert (answer.status, answer.code) == (400, "InvalidData"), name


def test_a_dataset_keeps_its_name(serve, tmp_path):
    table = tmp_path / "all_records.csv"
    table.write_text("a\n1\n")
    server = serve(table)
    answer = server.ask("POST", "/ingest", b'{"a": 1}', NDJSON)
    assert (answer.status, answer.code) == (400, "InvalidData")


def test_the_commands_send_to_a_server(server, tmp_path):
    path = tmp_path / "records.ndjson"
    path.write_bytes(ndjson([{"n": n} for n in range(10_000)]))
    done = subprocess.run([BINARY, "ingest", path, "--server", server.url], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "10,000 records" in done.stderr
    packed = tmp_path / "records.ndjson.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    command = [BINARY, "ingest", packed, "--server", server.url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([BINARY, "stats", "--server", server.url], capture_output=True, text=True, check=False)
    assert "20,000 records" in done.stdout
