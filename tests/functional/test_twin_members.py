"""Objects of collections whose members differ in case alone: the engine's structs have no two such members."""

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CASES = {
    "of one record": [{"id": "1", "o": {"X": 1, "x": 2}}],
    "and a record without": [{"id": "1", "o": {"X": 1, "x": 2}}, {"id": "2", "n": 1}],
    "of two records": [{"id": "1", "o": {"X": 1}}, {"id": "2", "o": {"x": 2}}],
    "of types": [{"id": "1", "o": {"X": 1, "x": "a"}}, {"id": "2", "o": {"X": "b", "x": [1]}}],
    "in lists": [{"id": "1", "o": [{"X": 1}, {"x": 2}]}, {"id": "2", "o": [{"X": 1}]}],
    "in lists of two records": [{"id": "1", "o": [{"X": 1}]}, {"id": "2", "o": [{"x": {"y": 'a "b"'}}, None]}],
    "deep": [{"id": "1", "o": {"p": {"K": 1, "k": "s"}}}, {"id": "2", "o": {"p": {"k": "t"}}}],
    "deep in two records": [{"id": "1", "o": {"p": {"q": {"K": 1}}}}, {"id": "2", "o": {"p": {"q": {"k": 1.5}}}}],
    "above others": [{"id": "1", "o": {"p": {"q": [{"a": 1}, {"b": None}]}}},
                     {"id": "2", "o": {"P": 2**63, "p": {"q": [{"a": 0.5}]}}}],
    "of columns": [{"id": "1", "o": {"x": 1, "X__STRING": 2}}, {"id": "2", "o": {"x": "a"}}],
    "that a number follows": [{"id": "1", "o": {"X": 1, "x": 2}}, {"id": "2", "o": 5}],
}  # fmt: skip


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


def opened(value):
    """With the JSON text that stands for objects and lists read."""
    if isinstance(value, str) and value[:1] in "{[":
        return opened(json.loads(value))
    if isinstance(value, dict):
        return {key: opened(item) for key, item in value.items()}
    return [opened(item) for item in value] if isinstance(value, list) else value


def records_of(rows):
    """Each with the value of `o`, whichever column it is in."""
    out = {}
    for row in rows:
        odd = row.get("o__string") if row.get("o") is None else None
        out[row["id"]] = without_nulls(opened(row.get("o") if odd is None else odd))
    return out


def rows_of(answer):
    assert answer.status == 200, answer.body
    names = [column["name"] for column in answer.json()["columns"]]
    return [dict(zip(names, row)) for row in answer.json()["rows"]]


def assert_readable_everywhere(server, wanted):
    assert records_of(rows_of(server.rows("tw"))) == wanted
    assert records_of(rows_of(server.rows("tw", sort="-id"))) == wanted
    assert records_of(rows_of(server.sql("SELECT * FROM tw"))) == wanted
    assert server.value("SELECT count(*) FROM tw") == len(wanted)
    lines = server.get("/api/v1/datasets/tw/export", format="ndjson")
    assert records_of(map(json.loads, lines.body.decode().splitlines())) == wanted
    table = server.get("/api/v1/datasets/tw/export", format="parquet")
    assert records_of(pq.read_table(io.BytesIO(table.body)).to_pylist()) == wanted
    for key in wanted:
        answer = server.get(f"/query/id/{key}", collection="tw")
        assert answer.status == 200, answer.body
        assert records_of(answer.json()["data"])[key] == wanted[key]


def assert_merged(server, wanted):
    answer = server.ask("POST", "/api/v1/collections/tw/compact")
    assert answer.status == 200, answer.body
    assert_readable_everywhere(server, wanted)
    (merged,) = (server.folder / "data/collections/tw/parquet").glob("*.parquet")
    assert records_of(pq.read_table(merged).to_pylist()) == wanted


@pytest.mark.parametrize("case", CASES)
def test_twins_keep_their_names(serve, case):
    server = serve()
    for record in CASES[case]:
        assert server.ask("POST", "/ingest?collection=tw", record).status == 200
    wanted = {record["id"]: without_nulls(record.get("o")) for record in CASES[case]}
    assert_readable_everywhere(server, wanted)
    assert_merged(server, wanted)


def renamed(value, names):
    if isinstance(value, dict):
        return {names.get(key, key): renamed(item, names) for key, item in value.items()}
    return [renamed(item, names) for item in value] if isinstance(value, list) else value


def renamed_type(kind, names):
    if pa.types.is_struct(kind):
        return pa.struct([(names.get(field.name, field.name), renamed_type(field.type, names)) for field in kind])
    return pa.list_(renamed_type(kind.value_type, names)) if pa.types.is_list(kind) else kind


def rename_members(path, names):
    """Gives members of a file's structs other names, and in what its footer says of them."""
    table = pq.read_table(path)
    kinds = pq.read_metadata(path).metadata[b"canvasback.part"].decode()
    for old, new in names.items():
        kinds = kinds.replace(json.dumps(old), json.dumps(new))
    fields = [pa.field(field.name, renamed_type(field.type, names)) for field in table.schema]
    arrays = [pa.array(renamed(column.to_pylist(), names), field.type)
              for column, field in zip(table.columns, fields)]  # fmt: skip
    pq.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields, {"canvasback.part": kinds})), path)


@pytest.mark.parametrize("more", [False, True])
def test_files_of_earlier_versions_with_structs_of_twins(serve, serve_in, more):
    """They wrote them; files that they merged have other names in the struct than in the footer's kinds."""
    server = serve()
    records = [{"id": "1", "o": {"X": 1, "y": 2, "p": [{"K": "a", "l": 1.5}, None]}, "q": {"v": 1}},
               {"id": "2", "o": {"y": 2**60, "p": []}}]  # fmt: skip
    lines = "".join(json.dumps(record) + "\n" for record in records)
    server.ask("POST", "/ingest?collection=tw", lines.encode(), {"Content-Type": "application/x-ndjson"})
    server.stop()
    (file,) = (server.folder / "data/collections/tw/parquet").glob("*.parquet")
    rename_members(file, {"y": "x", "l": "k"})
    server = serve_in(server.folder)
    wanted = {"1": {"X": 1, "x": 2, "p": [{"K": "a", "k": 1.5}, None]}, "2": {"x": 2**60, "p": []}}
    if more:
        assert server.ask("POST", "/ingest?collection=tw", {"id": "3", "o": {"X": "z"}}).status == 200
        wanted["3"] = {"X": "z"}
    assert_readable_everywhere(server, wanted)
    assert_merged(server, wanted)
