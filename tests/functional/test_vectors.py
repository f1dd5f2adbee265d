"""The golden vectors of protocol/vectors, as protocol/README.md describes them, on the wire of the server."""

import base64
import datetime
import decimal
import io
import json
import math
import re

import pyarrow as pa
import pytest
from serving import ROOT
from stream_client import Rows, Stream

FILES = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "protocol/vectors").glob("*.json"))}
VECTORS = [(stem, vector) for stem, file in FILES.items() for vector in file["vectors"]]
EXACT_MAX = 2**53
PARTIAL, CUT = 1, 2


@pytest.fixture(scope="module")
def servers(serve_module, tmp_path_factory):
    """The server of a file of vectors, started when its first vector is tried."""
    started = {}

    def server(stem):
        if stem not in started:
            folder = tmp_path_factory.mktemp(stem)
            for dataset in FILES[stem]["datasets"].values():
                (folder / dataset["file"]).write_text(dataset["text"], encoding="utf-8", newline="")
            served = [f"{name}={folder / dataset['file']}" for name, dataset in FILES[stem]["datasets"].items()]
            started[stem] = serve_module(*served)
        return started[stem]

    return server


def matches(wanted, got):
    """Whether an answer holds what a vector says of it."""
    if wanted == "$string":
        return isinstance(got, str) and got != ""
    if isinstance(wanted, dict):
        if not isinstance(got, dict):
            return False
        return all(name in got and matches(value, got[name]) for name, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(got, list) and len(wanted) == len(got) and all(map(matches, wanted, got))
    if isinstance(wanted, bool) or isinstance(got, bool):
        return wanted is got
    return wanted == got


TYPE_NAMES = {"string": "utf8", "double": "float64", "float": "float32", "date32[day]": "date32"}


def type_name(kind):
    return TYPE_NAMES.get(str(kind), str(kind))


def plain(value):
    """A value of Arrow as a JSON answer writes it."""
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT_MAX:
        return str(value)
    return value


def same_table(wanted, table):
    assert [f"{field.name} {type_name(field.type)}" for field in table.schema] == wanted["columns"]
    rows = [list(map(plain, row)) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]
    assert matches(wanted["rows"], rows), rows


def exchange(server, one, saved):
    request, response = one["request"], one["response"]
    fill = lambda text: re.sub(r"\$\{(\w+)\}", lambda found: saved[found[1]], text)
    query = {name: fill(value) for name, value in request.get("query", {}).items()}
    body = json.dumps(request["json"]).encode() if "json" in request else None
    headers = {**({"content-type": "application/json"} if body else {}), **request.get("headers", {})}
    answer = server.ask(request["method"], request["path"], body, headers, **query)
    assert answer.status == response["status"], answer.body[:2000]
    for name, value in response.get("headers", {}).items():
        assert answer.headers.get(name) == value, answer.headers
    if "json" in response:
        assert matches(response["json"], answer.json()), answer.json()
    if "text" in response:
        assert answer.body.decode() == response["text"]
    if "arrow" in response:
        same_table(response["arrow"], pa.ipc.open_stream(io.BytesIO(answer.body)).read_all())
    for name, member in response.get("save", {}).items():
        saved[name] = answer.json()[member]


def message(stream, one):
    if "send" in one:
        stream.send(one["send"])
    elif "receive" in one:
        wanted = one["receive"]
        stream.answer(wanted["id"], lambda got: not isinstance(got, Rows) and matches(wanted, got))
    else:
        wanted = one["rows"]
        rows = stream.answer(wanted["id"], lambda got: isinstance(got, Rows))
        flags = {"partial": bool(rows.flags & PARTIAL), "cut": bool(rows.flags & CUT)}
        found = {"id": rows.id, "from": rows.start, **flags}
        assert matches({name: value for name, value in wanted.items() if name != "arrow"}, found), found
        if "arrow" in wanted:
            same_table(wanted["arrow"], rows.table)


@pytest.mark.parametrize(("stem", "vector"), VECTORS, ids=[f"{stem}: {vector['name']}" for stem, vector in VECTORS])
def test_vector(servers, stem, vector):
    server = servers(stem)
    saved = {}
    for one in vector.get("exchanges", []):
        exchange(server, one, saved)
    if "messages" in vector:
        with Stream(server.port, timeout=20) as stream:
            for one in vector["messages"]:
                message(stream, one)
    assert "exchanges" in vector or "messages" in vector


@pytest.mark.parametrize(
    ("wanted", "got"),
    [({"a": 1}, {"b": 1}), ({"a": 1}, {"a": 2}), ([1], [1, 2]), ("$string", ""), ("$string", 1), (None, 0), (True, 1),
     ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}), (1, "1")],
)  # fmt: skip
def test_a_deviation_is_found(wanted, got):
    assert not matches(wanted, got)
    assert matches({"a": 1, "c": "$string"}, {"a": 1.0, "b": 2, "c": "x"})
