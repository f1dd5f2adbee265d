"""Columns whose names differ only in the case of letters: every route reads the one that was asked for.

The engine takes such names for one. A collection, before and after its files were merged, keeps the exact names; a
served file shows all but the first with a number. What is asked of them is computed here from the same rows.
"""

import io
import json
import re

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
from stream_client import Stream

ROWS = [{"id": i, "Abc": i % 5, "aBC": -i, "ABC": f"t{i % 3}", "abc_1": i * 10, "real": i / 2} for i in range(40)]
NAMES = list(ROWS[0])
KINDS = ["parquet", "parquet_parts", "arrow", "csv", "ndjson", "collection", "compacted"]
SHOWN = dict(zip(NAMES, ["id", "Abc", "aBC_1", "ABC_2", "abc_1_1", "real"], strict=True))  # of served files


def written(kind, folder):
    table = pa.Table.from_pylist(ROWS)
    path = folder / f"twins.{kind}"
    if kind == "parquet":
        pa.parquet.write_table(table, path, row_group_size=7)
    elif kind == "parquet_parts":
        path.mkdir()
        pa.parquet.write_table(table.slice(0, 13), path / "a.parquet")
        # Another order of the columns and one more: the files are joined by name.
        rest = table.slice(13).select(NAMES[::-1])
        pa.parquet.write_table(rest.append_column("more", pa.array([None] * 27, pa.int32())), path / "b.parquet")
    elif kind == "arrow":
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=7)
    elif kind == "csv":
        pa.csv.write_csv(table, path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


class Twins:
    """A server whose dataset "twins" has these rows; asked with the names of ROWS, and answers come in them."""

    def __init__(self, server, exact):
        self.server = server
        self.port = server.port
        self.shown = {name: name for name in NAMES} if exact else SHOWN

    def asked(self, value):
        """The value with the names that are shown in place of those of ROWS."""
        if isinstance(value, str):
            return re.sub(r"\b(Abc|aBC|ABC|abc_1)\b", lambda found: self.shown[found[0]], value)
        return json.loads(self.asked(json.dumps(value)))

    def told(self, answer):
        """Its JSON in the names of ROWS."""
        exact = {shown: name for name, shown in self.shown.items()}
        return json.loads(re.sub(rb'"(\w+)"', lambda found: json.dumps(
            exact.get(found[1].decode(), found[1].decode())).encode(), answer.body))  # fmt: skip

    def get(self, path, **parameters):
        return self.server.get(path, **{name: self.asked(value) for name, value in parameters.items()})

    def json(self, path, **parameters):
        answer = self.get(path, **parameters)
        assert answer.status == 200, answer.body
        return self.told(answer)

    def page(self, **parameters):
        after = parameters.pop("after", None)
        answer = self.server.rows("twins", after=after, **{k: self.asked(v) for k, v in parameters.items()})
        assert answer.status == 200, answer.body
        return self.told(answer)


@pytest.fixture(scope="module", params=KINDS)
def twins(request, serve_module, tmp_path_factory):
    kind = request.param
    if kind not in ("collection", "compacted"):
        return Twins(serve_module(f"twins={written(kind, tmp_path_factory.mktemp(kind))}"), False)
    server = serve_module()
    for first in (0, 13, 26):
        body = "".join(json.dumps(row) + "\n" for row in ROWS[first:first + 13 if first < 26 else 40])
        headers = {"Content-Type": "application/x-ndjson"}
        assert server.ask("POST", "/ingest", body.encode(), headers, collection="twins").status == 200
    if kind == "compacted":
        answer = server.ask("POST", "/api/v1/collections/twins/compact")
        assert answer.status in (200, 202), answer.body
    return Twins(server, True)


def picked(rows, *names):
    return [[row[name] for name in names] for row in rows]


PAGES = {
    "plain": ({"columns": "Abc,aBC,ABC"}, lambda rows: rows),
    "sorted": ({"columns": "Abc,aBC,ABC", "sort": "aBC"}, lambda rows: sorted(rows, key=lambda r: r["aBC"])),
    "by a text": ({"columns": "Abc,aBC,ABC", "sort": "-ABC,aBC"},
                  lambda rows: sorted(sorted(rows, key=lambda r: r["aBC"]), key=lambda r: r["ABC"], reverse=True)),
    "filtered": ({"columns": "Abc,aBC,ABC", "filter": {"aBC": {"op": "lt", "value": -20}}},
                 lambda rows: [r for r in rows if r["aBC"] < -20]),
    "contains": ({"columns": "Abc,aBC,ABC", "filter": {"ABC": {"op": "contains", "value": "T2"}}},
                 lambda rows: [r for r in rows if r["ABC"] == "t2"]),
    "in": ({"columns": "Abc,aBC,ABC", "filter": {"Abc": {"op": "in", "value": [1, 4]}}},
           lambda rows: [r for r in rows if r["Abc"] in (1, 4)]),
    "long in": ({"columns": "Abc,aBC,ABC", "filter": {"aBC": {"op": "in", "value": list(range(-30, 900))}}},
                lambda rows: [r for r in rows if r["aBC"] >= -30]),
    "both": ({"columns": "Abc,aBC,ABC", "filter": {"Abc": 2, "abc_1": {"op": "gt", "value": 100}}, "sort": "-abc_1"},
             lambda rows: [r for r in reversed(rows) if r["Abc"] == 2 and r["abc_1"] > 100]),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_pages(twins, name):
    parameters, expected = PAGES[name]
    wanted = picked(expected(ROWS), "Abc", "aBC", "ABC")
    parameters = {**parameters}
    if "filter" in parameters:
        parameters["filter"] = json.dumps(parameters["filter"])
    page = twins.page(**parameters)
    assert [column["name"] for column in page["columns"]] == ["Abc", "aBC", "ABC"]
    rows = page["rows"]
    if "sort" not in parameters:
        rows, wanted = sorted(rows), sorted(wanted)
    assert rows == wanted
    pages = []
    after = None
    while True:
        part = twins.page(limit=7, **parameters, **({"after": after} if after else {}))
        pages += part["rows"]
        after = part["next"]
        if not after:
            break
    assert (pages if "sort" in parameters else sorted(pages)) == wanted


@pytest.mark.parametrize("format", ["json", "csv", "arrow", "parquet"])
@pytest.mark.parametrize("sort", [None, "-aBC"])
def test_exports(twins, format, sort):
    body = {"format": format, "columns": ["aBC", "Abc", "ABC", "id"]} | ({"sort": sort} if sort else {})
    answer = twins.get("/api/v1/datasets/twins/export",
                       **{k: ",".join(v) if isinstance(v, list) else v for k, v in body.items()})  # fmt: skip
    assert answer.status == 200, answer.body
    if format == "json":
        rows = twins.told(answer)["rows"]
    elif format == "csv":
        lines = answer.body.decode().splitlines()
        assert lines[0] == ",".join(twins.asked(body["columns"]))
        rows = [[int(a), int(b), c, int(d)] for a, b, c, d in (line.split(",") for line in lines[1:])]
    else:
        source = pa.BufferReader(answer.body)
        table = pa.ipc.open_stream(source).read_all() if format == "arrow" else pa.parquet.read_table(source)
        assert table.column_names == twins.asked(body["columns"])
        rows = [list(row) for row in zip(*(column.to_pylist() for column in table.columns), strict=True)]
    wanted = picked(ROWS, *body["columns"])
    if sort:
        assert rows == list(wanted) if wanted[0][0] == 0 and rows[0][0] == 0 else rows == wanted[::-1]
    assert sorted(rows) == sorted(wanted)


def test_profile(twins):
    answer = twins.json("/api/v1/datasets/twins/profile")
    columns = {column["name"]: column for column in answer["columns"]}
    assert set(NAMES) <= set(columns)
    for name in NAMES:
        values = [row[name] for row in ROWS]
        assert columns[name]["distinct"] == len(set(values)), name
        if not isinstance(values[0], str):
            assert float(columns[name]["min"]) == min(values) and float(columns[name]["max"]) == max(values), name


def test_quality(twins):
    answer = twins.json("/api/v1/datasets/twins/profile", type="quality")


@pytest.mark.parametrize("name", ["Abc", "aBC", "ABC", "abc_1"])
def test_frequent_values(twins, name):
    answer = twins.json("/api/v1/datasets/twins/top", column=name, k=100)
    counts = {}
    for row in ROWS:
        counts[row[name]] = counts.get(row[name], 0) + 1
    assert {row[0]: row[1] for row in answer["rows"]} == counts


@pytest.mark.parametrize("name", ["Abc", "aBC", "abc_1"])
def test_histogram(twins, name):
    answer = twins.json("/api/v1/datasets/twins/histogram", column=name, bins=4)
    names = [column["name"] for column in answer["columns"]]
    rows = [dict(zip(names, row, strict=True)) for row in answer["rows"]]
    values = [row[name] for row in ROWS]
    assert (float(rows[0]["low"]), float(rows[-1]["high"])) == (min(values), max(values))
    assert sum(row["count"] for row in rows) == len(values)


def test_aggregate(twins):
    body = {"group_by": [{"column": "ABC"}],
            "measures": [{"function": "sum", "column": "aBC", "as": "total"},
                         {"function": "max", "column": "Abc", "as": "most"},
                         {"function": "median", "column": "abc_1", "as": "middle"}],
            "sort": "ABC", "filter": {"aBC": {"op": "lt", "value": -3}}}  # fmt: skip
    answer = twins.server.ask("POST", "/api/v1/datasets/twins/aggregate", twins.asked(body))
    assert answer.status == 200, answer.body
    answer = answer.json()
    wanted = []
    for text in ("t0", "t1", "t2"):
        rows = [row for row in ROWS if row["ABC"] == text and row["aBC"] < -3]
        middle = sorted(row["abc_1"] for row in rows)
        half = len(middle) // 2
        median = middle[half] if len(middle) % 2 else (middle[half - 1] + middle[half]) / 2
        wanted.append([text, sum(row["aBC"] for row in rows), max(row["Abc"] for row in rows), median])
    assert [[a, int(b), int(c), float(d)] for a, b, c, d in answer["rows"]] == wanted


def test_sample(twins):
    page = twins.page(columns="aBC,ABC", sample="10 rows")
    known = {row["aBC"]: row["ABC"] for row in ROWS}
    assert len(page["rows"]) == 10 and all(known[a] == b for a, b in page["rows"])


@pytest.mark.parametrize("view", [{}, {"sort": "-aBC"}, {"filter": {"aBC": {"op": "lt", "value": -20}}},
                                  {"sort": "ABC,aBC"}])  # fmt: skip
def test_windows(twins, view):
    with Stream(twins.port) as stream:
        number = stream.open(dataset="twins", **twins.asked(view))
        ready = stream.ready(number)
        assert "error" not in ready, ready
        rows = ready["view"]["rows"]
        window = stream.window(number, 0, rows, columns=twins.asked(["ABC", "aBC", "Abc"]))
        assert not isinstance(window, dict), window
        assert window.table.column_names[:3] == twins.asked(["ABC", "aBC", "Abc"])
        found = window.table.select([0, 1, 2]).rename_columns(["ABC", "aBC", "Abc"]).to_pylist()
    wanted = [{name: row[name] for name in ("ABC", "aBC", "Abc")} for row in ROWS]
    if "filter" in view:
        wanted = [row for row in wanted if row["aBC"] < -20]
    keys = view.get("sort", "")
    if keys == "-aBC":
        wanted.sort(key=lambda row: -row["aBC"])
    elif keys:
        wanted.sort(key=lambda row: (row["ABC"], row["aBC"]))
    if keys:
        assert found == wanted
    assert sorted(map(str, found)) == sorted(map(str, wanted))


def test_tile(twins):
    answer = twins.json("/api/v1/datasets/twins/tile", x="aBC", y="abc_1", format="json")
    bounds = answer["bounds"]
    assert (bounds["x_min"], bounds["x_max"], bounds["y_min"], bounds["y_max"]) == (-39, 0, 0, 390)
    assert sum(row[2] for row in answer["rows"]) == len(ROWS)


def test_workbook(twins):
    openpyxl = pytest.importorskip("openpyxl")
    answer = twins.get("/api/v1/datasets/twins/export", format="xlsx", columns="Abc,aBC", sort="aBC")
    assert answer.status == 200, answer.body
    sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows == [twins.asked(["Abc", "aBC"]), *picked(sorted(ROWS, key=lambda r: r["aBC"]), "Abc", "aBC")]


def test_records_by_id_and_by_time(serve):
    """Columns that differ in case alone from those that the routes themselves look for."""
    server = serve()
    rows = [{"ID": "x", "id": "a", "Timestamp": 1, "timestamp": "2025-10-20T10:00:00Z"},
            {"ID": "a", "id": "b", "Timestamp": 2, "timestamp": "2025-11-20T10:00:00Z"}]  # fmt: skip
    for row in rows:
        assert server.ask("POST", "/ingest", row, collection="c").status == 200
    for _ in range(2):
        found = server.get("/query/id/a", collection="c").json()["data"]
        assert [(row["ID"], row["id"], row["Timestamp"]) for row in found] == [("x", "a", 1)], found
        ranged = server.ask("POST", "/query/date-range", {"start": "2025-11-01", "end": "2025-12-01"}, collection="c")
        assert [row["id"] for row in ranged.json()["data"]] == ["b"], ranged.body
        recent = server.get("/query/recent", collection="c", limit=1).json()["data"]
        assert [row["ID"] for row in recent] == ["a"], recent
        assert server.ask("POST", "/api/v1/collections/c/compact").status == 200
    weeks = {row["week"] for row in server.get("/files", collection="c").json()["files"]}
    assert len(weeks) == 2, "each record lies in the week of its own time"
