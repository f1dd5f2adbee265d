"""Records as nobody should send them: each bad one is told by its line and reason, the good ones are kept, and memory
stays bounded."""

import http.client
import itertools
import json
import pathlib

import duckdb
import pyarrow.parquet
import pytest
from test_collections import files_of, send, sql

LONG_LINE_BYTES = 1 << 30
GOOD = [
    (b'{"id": "bom"}', {"id": "bom"}),
    (b'{"id": "spaces" , "x" : 1 }  ', {"id": "spaces", "x": 1}),
    (b'{"id": "exact", "big": 9007199254740993, "u": 18446744073709551615, "d": 0.1}',
     {"id": "exact", "big": 9007199254740993, "u": 18446744073709551615, "d": 0.1}),
    ('{"id": "planes", "s": "ä€😀\\u0000\\ud83d\\ude00"}'.encode(), {"id": "planes", "s": "ä€😀\0😀"}),
    (b'{"id": "mixed", "l": [1, "a", null, {"b": [true]}]}', {"id": "mixed"}),
    (b'{"id": "deep", "o": ' + b'{"o": ' * 40 + b"1" + b"}" * 41, {"id": "deep"}),
    (b'{"id": "digits", "n": ' + b"9" * 60 + b"}", {"id": "digits"}),
    (b'{"id": "type", "x": "text"}', {"id": "type"}),
]  # fmt: skip
BAD = [
    (b'{"a": 1', "Malformed"), (b"nonsense", "object"), (b'{"a": 1, "a": 2}', "twice"), (b"[1, 2]", "object"),
    (b'"text"', "object"), (b'{"a": NaN}', "Malformed"), (b'{"a": Infinity}', "Malformed"),
    (b'{"a": 1e999}', "too large"),
    (b'{"a": "\\ud800"}', "surrogate"), (b'{"a": "\xff\xfe"}', "UTF-8"), (b'{"a": "b\x01"}', "control"),
    (b'{"a": 01}', "number"), (b'{"a": .5}', "Malformed"), (b'{"a": tru}', "Malformed"),
    (b'{"a": 1} {"b": 2}', "follows"),
    (b'{"o": ' * 200 + b"1" + b"}" * 200, "deep"), (b'{"": 1}', "empty"), (b'{"a" 1}', "Malformed"),
    (b'{"a": "open}', ""),
    (b'{"a": [1, }', "Malformed"),
]  # fmt: skip


def lines():
    """(bytes of the line, record or None, reason)."""
    good, bad = itertools.cycle(GOOD), iter(BAD)
    for i, (text, reason) in enumerate(bad):
        if i < len(GOOD):
            yield *next(good), ""
        yield text, None, reason


def test_good_records_are_kept_and_bad_ones_told(serve):
    server = serve()
    all_lines = list(lines())
    body = b"\xef\xbb\xbf" + b"\r\n".join(line for line, _, _ in all_lines) + b"\r\n\n  \n"
    told = send(server, body, on_error="quarantine")
    assert told["records_processed"] == len(GOOD) and told["quarantined"] == len(BAD)
    expected = {number: reason for number, (_, record, reason) in enumerate(all_lines, 1) if record is None}
    errors = {error["line"]: error["message"] for error in told["errors"]}
    assert errors.keys() == expected.keys()
    for line, reason in expected.items():
        assert reason.lower() in errors[line].lower(), (line, all_lines[line - 1][0][:80], errors[line])
    (aside,) = (server.folder / "data/quarantine").glob("*.ndjson")
    assert len(aside.read_text(errors="replace").splitlines()) == len(BAD)
    # The same, refused as a whole.
    answer = server.ask("POST", "/ingest", body, {"Content-Type": "application/x-ndjson"})
    assert answer.status == 400 and [error["line"] for error in answer.json()["errors"]] == sorted(expected)
    assert sql(server, "SELECT count(*) AS n FROM all_records") == [{"n": len(GOOD)}]
    exact = next(record for _, record in GOOD if record["id"] == "exact")
    (path,) = files_of(server)
    (row,) = [row for row in pyarrow.parquet.read_table(path).to_pylist() if row["id"] == "exact"]
    assert (row["big"], int(row["u"]), row["d"]) == (exact["big"], exact["u"], exact["d"])
    assert duckdb.sql(f"SELECT big, u::HUGEINT, d FROM '{path}' WHERE id = 'exact'").fetchall() == [
        (exact["big"], exact["u"], exact["d"])]  # fmt: skip
    planes = next(record for _, record in GOOD if record["id"] == "planes")
    assert duckdb.sql(f"SELECT s FROM '{path}' WHERE id = 'planes'").fetchall() == [(planes["s"],)]
    assert [row["s"] for row in pyarrow.parquet.read_table(path).to_pylist() if row["id"] == "planes"] == [planes["s"]]


def resident_mib(server):
    total = 0
    for task in pathlib.Path(f"/proc/{server.process.pid}/task").iterdir():
        children = (task / "children").read_text().split()
        for pid in [*children, str(server.process.pid)]:
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    total += int(line.split()[1])
        break
    return total / 1024


@pytest.mark.parametrize("on_error", ["quarantine", "reject"])
def test_a_line_without_end_needs_no_memory(serve, on_error):
    server = serve()
    send(server, [{"id": "first"}])
    before = resident_mib(server)

    def pieces():
        yield b'{"id": "before"}\n{"text": "'
        for _ in range(LONG_LINE_BYTES >> 20):
            yield b"x" * (1 << 20)
        yield b'"}\n{"id": "after"}\n'

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    connection.request("POST", f"/ingest/file?on_error={on_error}", pieces(), {"Content-Type": "application/x-ndjson"},
                       encode_chunked=True)  # fmt: skip
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    (error,) = told["errors"]
    assert error["line"] == 2 and "longer" in error["message"]
    if on_error == "quarantine":
        assert (answer.status, told["records_processed"], told["quarantined"]) == (200, 2, 1)
    else:
        assert answer.status == 400
    assert resident_mib(server) - before < 512  # half of the line, and workers that were started meanwhile
