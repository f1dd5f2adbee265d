"""What the engine knows of Parquet files without reading them, and must not answer from: bounds of floating-point
numbers, which say nothing of NaN, and the values of folders, by which it leaves out files."""

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_collections import send

WRITERS = {
    "pyarrow": lambda table, path: pq.write_table(table, path),
    "no_statistics": lambda table, path: pq.write_table(table, path, write_statistics=False),
    "duckdb": lambda rows, path: duckdb.sql(f"COPY (FROM rows) TO '{path}'"),
    "polars": lambda table, path: pl.from_arrow(table).write_parquet(path),
}


def value(server, sql):
    answer = server.ask("POST", "/api/v1/query", {"sql": sql})
    assert answer.status == 200, answer.body
    return answer.json()["rows"][0][0]


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
def test_the_largest_number_is_no_nan_where_there_is_none(serve, tmp_path, writer, kind):
    with_nan = pa.array([1.0, float("nan"), 0.0], kind)
    table = pa.table({"id": [1, 2, 3], "x": pa.array([1.0, 2.0, 3.5], kind), "y": with_nan})
    WRITERS[writer](table, tmp_path / "p.parquet")
    for part in (1, 2):
        (tmp_path / "many").mkdir(exist_ok=True)
        WRITERS[writer](table, tmp_path / f"many/{part}.parquet")
    server = serve(f"p={tmp_path / 'p.parquet'}", f"many={tmp_path / 'many'}")
    for name in ("p", "many"):
        assert value(server, f"SELECT max(x) FROM {name}") == 3.5
        assert value(server, f"SELECT max(x) + 1 FROM {name}") == 4.5
        assert value(server, f"SELECT min(x) FROM {name}") == 1.0
        assert value(server, f"SELECT id FROM {name} WHERE x = (SELECT max(x) FROM {name})") == 3
        assert value(server, f"SELECT max(y) FROM {name}") == "NaN"
        measures = [{"function": "max", "column": "x"}, {"function": "min", "column": "x"}]
        answer = server.ask("POST", f"/api/v1/datasets/{name}/aggregate", {"measures": measures})
        assert answer.json()["rows"] == [[3.5, 1.0]], answer.body


def test_nor_in_a_collection(serve):
    server = serve()
    send(server, [{"id": "1", "x": 1.5}, {"id": "2", "x": 3.5}])
    for _ in range(2):
        assert value(server, "SELECT max(x) FROM all_records") == 3.5
        assert server.ask("POST", "/api/v1/collections/all_records/compact").status == 200


@pytest.mark.parametrize("limit", [1, 2, 3])
@pytest.mark.parametrize("nested", [False, True])
def test_pages_in_the_order_of_a_folders_value(serve, tmp_path, limit, nested):
    wanted = []
    for key in ("a", "b", "c", "d", None):
        for part in (1, 2):
            folder = tmp_path / "h" / (f"part={part}" if nested else "") / f"k={key or '__HIVE_DEFAULT_PARTITION__'}"
            folder.mkdir(parents=True, exist_ok=True)
            rows = [f"{key}{part}{row}" for row in range(2)]
            pq.write_table(pa.table({"x": rows}), folder / f"{part}.parquet")
            wanted += rows
    server = serve(f"h={tmp_path / 'h'}")
    for sort, reverse in (("k", False), ("-k", True)):
        found, after = [], None
        for _ in range(40):
            page = server.page("h", sort=sort, limit=limit, columns="k,x", after=after)
            found += page["rows"]
            after = page["next"]
            if after is None:
                break
        assert sorted(row[1] for row in found) == sorted(wanted)
        keys = [row[0] for row in found]
        assert keys == sorted((key for key in keys if key), reverse=reverse) + [None] * 4


KEYED = {"name": "kv", "primary_key": ["k"], "fields": [{"name": "k", "type": "string"}]}


NAMES = ["file_row_number", "FILE_ROW_NUMBER", "file_index", "filename", "canvasback_record_time"]


@pytest.mark.parametrize("name", NAMES)
def test_fields_called_like_the_engines_own_columns(serve, name):
    """A row is told by its place in its file, which such a field must not hide: the wrong row would go."""
    server = serve()
    assert server.ask("POST", "/api/v1/schemas", KEYED).status == 201
    records = [{"k": "a", name: 1, "v": "old"}, {"k": "b", name: 0, "v": "keep"}, {"k": "c", name: "text", "v": "gone"}]
    assert server.ask("POST", "/api/v1/records/bulk?schema=kv", records).status in (200, 201)
    assert server.ask("PUT", "/api/v1/records/kv/a", {"k": "a", "v": "new", name: 5}).status == 200
    assert server.ask("PATCH", "/api/v1/records/kv/b", {"w": 1}).status == 200
    assert server.ask("DELETE", "/api/v1/records/kv/c").status in (200, 204)
    for merged in (False, True):
        answer = server.ask("POST", "/api/v1/query", {"sql": "SELECT k, v FROM kv ORDER BY k"})
        assert answer.json()["rows"] == [["a", "new"], ["b", "keep"]], (merged, answer.body)
        assert server.get("/api/v1/records/kv/b").json()["data"][name] == 0
        page = server.page("kv", sort="-k", limit=1, columns="k")
        assert page["rows"] == [["b"]]
        assert server.page("kv", sort="-k", limit=1, columns="k", after=page["next"])["rows"] == [["a"]]
        assert server.ask("POST", "/api/v1/collections/kv/compact").status == 200
    verified = server.ask("POST", "/api/v1/collections/kv/verify").json()
    assert verified["result"]["problems"] == []
