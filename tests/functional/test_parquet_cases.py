"""Parquet files of every writer: each value comes out as it is, in every route, or the file is refused with its reason.

Every file is asked in all the ways rows can be had (rows, sort, filter, pages by cursor, SQL, profile, export), which
go through different readers, and has to give the same.
"""

import datetime
import io
import json
import pathlib
import struct
from decimal import Decimal

import duckdb
import parquet_footer
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

BIG = 2**53 + 1


def page(server, name, **parameters):
    answer = server.rows(name, **parameters)
    assert answer.status == 200, (name, parameters, answer.body)
    return answer.json()


def rows_of(server, name, **parameters):
    return page(server, name, limit=10_000, **parameters)["rows"]


def pages_of(server, name, size=3, **parameters):
    """All rows, a few at a time, by the cursor."""
    rows, after = [], None
    while True:
        answer = page(server, name, limit=size, after=after, **parameters)
        rows += answer["rows"]
        after = answer["next"]
        if after is None:
            return rows
        assert len(rows) < 100_000, "the pages do not end"


def sql(server, statement):
    answer = server.sql(statement)
    assert answer.status == 200, (statement, answer.body)
    return answer.json()["rows"]


def types_of(server, name):
    return {column["name"]: column["type"] for column in page(server, name, limit=1)["columns"]}


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def check_routes(server, name, wanted, sort):
    """`wanted`: the rows as the json format has them, in file order; `sort`: a column of them that sorts them so."""
    assert rows_of(server, name) == wanted
    assert rows_of(server, name, sort=quoted(sort)) == wanted
    assert pages_of(server, name, sort=quoted(sort)) == wanted
    assert pages_of(server, name) == wanted
    condition = {"not": {sort: {"op": "is_null"}}}
    assert rows_of(server, name, filter=json.dumps(condition)) == wanted
    assert sql(server, f"SELECT * FROM {quoted(name)} ORDER BY {quoted(sort)}") == wanted
    assert sql(server, f"SELECT count(*) FROM {quoted(name)}") == [[len(wanted)]]
    profile = server.get(f"/api/v1/datasets/{name}/profile")
    assert profile.status == 200, profile.body
    columns = profile.json()["columns"]
    names = [column["name"] for column in page(server, name, limit=1)["columns"]]
    assert [column["name"] for column in columns] == names
    for place, column in enumerate(columns):
        assert column["count"] + column["nulls"] == len(wanted)
        assert column["nulls"] == sum(row[place] is None for row in wanted), column["name"]
    exported = server.rows(name, format="ndjson")
    assert exported.status == 200
    assert [list(json.loads(line).values()) for line in exported.body.splitlines()] == wanted


def write(folder, name, table, **options):
    path = folder / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)
    return path


def hadoop_frame(data):
    packed = pa.compress(data, "lz4_raw", asbytes=True)
    return struct.pack(">II", len(data), len(packed)) + packed


NANOSECONDS = [1704103200123456789, 1, -1, None]
NANO_TEXTS = ["2024-01-01T10:00:00.123456789", "1970-01-01T00:00:00.000000001", "1969-12-31T23:59:59.999999999", None]


def ids(count, first=1):
    return pa.array(range(first, first + count), pa.int64())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("parquet")
    flags = [True, False, None] * 20
    write(made, "rle_boolean", pa.table({"id": ids(60), "b": pa.array(flags)}), use_dictionary=False,
          column_encoding={"id": "PLAIN", "b": "RLE"}, data_page_version="2.0")  # fmt: skip
    parquet_footer.edit_footer(write(made, "rows_0", pa.table({"id": ids(6)})),
                               lambda footer: footer.update({parquet_footer.NUM_ROWS: [parquet_footer.I64, 0]}))
    write(made, "split_integers", pa.table({
        "id": ids(60), "i": pa.array([BIG + i for i in range(60)]), "n": pa.array([None, 5] * 30, pa.int32()),
        "d": pa.array([Decimal(i) / 100 for i in range(60)], pa.decimal128(20, 2)),
    }), use_dictionary=False, column_encoding=dict.fromkeys("id i n d".split(), "BYTE_STREAM_SPLIT"))  # fmt: skip
    plain = {"compression": "none", "use_dictionary": False}
    parquet_footer.compress_old(write(made, "old_lz4", pa.table({"id": ids(100)}), **plain), hadoop_frame)
    parquet_footer.compress_old(write(made, "older_lz4", pa.table({"id": ids(100)}), **plain),
                                lambda data: pa.compress(data, "lz4_raw", asbytes=True))
    item = pa.field("element", pa.int32(), nullable=False)
    path = write(made, "map_no_value", pa.table({"id": ids(3), "m": pa.array([[1, 2], [], [3]], pa.list_(item))}),
                 store_schema=False)  # fmt: skip
    parquet_footer.edit_footer(path, make_map_without_value)
    write(made, "int96", pa.table({"id": ids(4), "t": pa.array(NANOSECONDS, pa.timestamp("ns"))}),
          use_deprecated_int96_timestamps=True)  # fmt: skip
    far = [datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999), None]
    write(made, "int96_far", pa.table({"id": ids(3), "t": pa.array(far, pa.timestamp("us"))}),
          use_deprecated_int96_timestamps=True)  # fmt: skip
    write(made, "zoned_nanos", pa.table({"id": ids(4), "t": pa.array(NANOSECONDS, pa.timestamp("ns", "UTC"))}))
    write(made, "zoned_micros", pa.table({"id": ids(2), "t": pa.array([1704103200123456000, None],
                                                                      pa.timestamp("ns", "UTC"))}))  # fmt: skip
    write(made, "big_decimals", pa.table({"id": ids(4), "d": pa.array(
        [Decimal("1234567890123456789012345678901234567890.12"), Decimal("0.01"), Decimal("-7.00"), None],
        pa.decimal256(42, 2))}))  # fmt: skip
    duckdb.sql("SELECT 1::BIGINT AS id, 42::VARIANT AS v UNION ALL SELECT 2, {'a': 1}::VARIANT "
               "UNION ALL SELECT 3, [1, 2]::VARIANT UNION ALL SELECT 4, 'x'::VARIANT UNION ALL SELECT 5, NULL"
               ).write_parquet(str(made / "variant.parquet"))  # fmt: skip
    write(made, "times", pa.table({
        "id": ids(2), "t": pa.array([1, None], pa.time64("ns")), "f": pa.array([1.5, None], pa.float16()),
        "u": pa.array([b"0123456789abcdef", None], pa.uuid()),
        "w": pa.array([2**64 - 1, None], pa.uint64()), "s": pa.array([2**32 - 1, None], pa.uint32()),
    }))  # fmt: skip
    texts = pa.array([b"A", None, "ä".encode()])
    for name, edit in (("enum", typed(2, 4)), ("enum_logical", typed(2, None, {4: [parquet_footer.STRUCT, {}]}))):
        path = write(made, name, pa.table({"id": ids(3), "v": texts}), store_schema=False)
        parquet_footer.edit_footer(path, edit)
    lists = pa.array([[b"A", None], None, [b"B"]], pa.list_(pa.binary()))
    path = write(made, "enum_in_list", pa.table({"id": ids(3), "v": lists}), store_schema=False)
    parquet_footer.edit_footer(path, typed(4, 4))
    moments = pa.table({"id": ids(3), "v": pa.array([1704103200123, None, -1])})
    for name, kind in (("old_millis", 9), ("old_micros", 10)):
        path = write(made, name, moments, store_schema=False)
        parquet_footer.edit_footer(path, typed(2, kind))
    moments = pa.table({"id": ids(3), "v": pa.array([[1704103200123456, None], None, [-1]])})
    parquet_footer.edit_footer(write(made, "old_micros_in_list", moments, store_schema=False), typed(4, 10))
    for unit in ("us", "ns"):
        hours = pa.array([1, None, 3_600_000_001], pa.time64(unit))
        write(made, f"time_utc_{unit}", pa.table({"id": ids(3), "v": hours}), write_time_adjusted_to_utc=True)
    return made


def typed(element, converted, logical=None):
    """Gives an element of a schema another type."""
    def edit(footer):
        members = footer[parquet_footer.SCHEMA][1][1][element]
        members.pop(parquet_footer.LOGICAL_TYPE, None)
        members.pop(parquet_footer.CONVERTED_TYPE, None)
        if converted is not None:
            members[parquet_footer.CONVERTED_TYPE] = [parquet_footer.I32, converted]
        if logical is not None:
            members[parquet_footer.LOGICAL_TYPE] = [parquet_footer.STRUCT, logical]
    return edit


def make_map_without_value(footer):
    element = footer[parquet_footer.SCHEMA][1][1][2]
    element[parquet_footer.CONVERTED_TYPE] = [parquet_footer.I32, 1]
    element[parquet_footer.LOGICAL_TYPE] = [parquet_footer.STRUCT, {2: [parquet_footer.STRUCT, {}]}]


@pytest.fixture(scope="module")
def server(serve_module, folder):
    return serve_module(*[f"{file.stem}={file}" for file in sorted(folder.glob("*.parquet"))])


CASES = {
    "rle_boolean": [[i + 1, [True, False, None][i % 3]] for i in range(60)],
    "rows_0": [[i + 1] for i in range(6)],
    "split_integers": [[i + 1, str(BIG + i), [None, 5][i % 2], f"{i / 100:.2f}"] for i in range(60)],
    "old_lz4": [[i + 1] for i in range(100)],
    "older_lz4": [[i + 1] for i in range(100)],
    "map_no_value": [[1, [1, 2]], [2, []], [3, [3]]],
    "int96": [[i + 1, text] for i, text in enumerate(NANO_TEXTS)],
    "int96_far": [[1, "0001-01-01T00:00:00"], [2, "9999-12-31T23:59:59.999999"], [3, None]],
    "zoned_nanos": [[i + 1, text] for i, text in enumerate(NANO_TEXTS)],
    "zoned_micros": [[1, "2024-01-01T10:00:00.123456Z"], [2, None]],
    "big_decimals": [[1, "1234567890123456789012345678901234567890.12"], [2, "0.01"], [3, "-7.00"], [4, None]],
    "variant": [[1, "42"], [2, '{"a":1}'], [3, "[1,2]"], [4, '"x"'], [5, None]],
    "times": [[1, "00:00:00.000000001", 1.5, "30313233-3435-3637-3839-616263646566", str(2**64 - 1), 2**32 - 1],
              [2, None, None, None, None, None]],
    "enum": [[1, "A"], [2, None], [3, "ä"]],
    "enum_logical": [[1, "A"], [2, None], [3, "ä"]],
    "enum_in_list": [[1, ["A", None]], [2, None], [3, ["B"]]],
    "old_millis": [[1, "2024-01-01T10:00:00.123Z"], [2, None], [3, "1969-12-31T23:59:59.999Z"]],
    "old_micros": [[1, "1970-01-20T17:21:43.200123Z"], [2, None], [3, "1969-12-31T23:59:59.999999Z"]],
    "old_micros_in_list": [[1, ["2024-01-01T10:00:00.123456Z", None]], [2, None], [3, ["1969-12-31T23:59:59.999999Z"]]],
    "time_utc_us": [[1, "00:00:00.000001"], [2, None], [3, "01:00:00.000001"]],
    "time_utc_ns": [[1, "00:00:00.000000001"], [2, None], [3, "00:00:03.600000001"]],
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_route_reads_it(server, name):
    check_routes(server, name, CASES[name], "id")


@pytest.mark.parametrize(("name", "kind"), [
    ("enum", "VARCHAR"), ("enum_logical", "VARCHAR"), ("enum_in_list", "VARCHAR[]"),
    ("old_millis", "TIMESTAMP WITH TIME ZONE"), ("old_micros", "TIMESTAMP WITH TIME ZONE"),
    ("old_micros_in_list", "TIMESTAMP WITH TIME ZONE[]"), ("time_utc_us", "TIME"), ("time_utc_ns", "TIME_NS"),
])  # fmt: skip
def test_every_route_tells_the_same_type(server, name, kind):
    described = server.get(f"/api/v1/datasets/{name}").json()["columns"]
    answers = [page(server, name), page(server, name, sort="id"), page(server, name, filter='{"id": 1}'),
               server.sql(f"SELECT * FROM {name}").json(), server.sql(f"SELECT * FROM {name} ORDER BY id").json()]
    assert described[1]["type"] == kind
    # Answers have no such type, and tell its values as text.
    assert {answer["columns"][1]["type"] for answer in answers} == {"VARCHAR" if kind == "TIME_NS" else kind}
    exported = [server.get(f"/api/v1/datasets/{name}/export", format="csv", **order).body
                for order in ({}, {"sort": "id"})]  # fmt: skip
    assert exported[0] == exported[1]
    top = server.get(f"/api/v1/datasets/{name}/top", column="v").json()["rows"]
    assert {json.dumps(row[0]) for row in top} == {json.dumps(row[1]) for row in CASES[name]}


def test_files_with_and_without_logical_types_join(serve, folder, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d/1.parquet").write_bytes((folder / "old_micros.parquet").read_bytes())
    write(tmp_path / "d", "2", pa.table({"id": ids(1, 4), "v": pa.array([0], pa.timestamp("us", "UTC"))}))
    server = serve(f"d={tmp_path}/d")
    check_routes(server, "d", [*CASES["old_micros"], [4, "1970-01-01T00:00:00Z"]], "id")


def test_old_timestamps_under_another_name(serve, tmp_path):
    path = write(tmp_path, "twins", pa.table({"v": ids(2), "V": pa.array([0, None], pa.int64())}), store_schema=False)
    parquet_footer.edit_footer(path, typed(2, 10))
    server = serve(f"twins={path}")
    assert types_of(server, "twins") == {"v": "BIGINT", "V_1": "TIMESTAMP WITH TIME ZONE"}
    check_routes(server, "twins", [[1, "1970-01-01T00:00:00Z"], [2, None]], "v")


@pytest.mark.parametrize("kind", ["decimal", "text", "unsigned"])
def test_bounds_of_old_writers_are_not_believed(serve, tmp_path, kind):
    """Case 15: bounds in the order of signed bytes. Neither rows nor the description may go by them."""
    values = {"decimal": pa.array([Decimal(i) for i in range(1, 25)], pa.decimal128(25, 2)),
              "text": pa.array(sorted(chr(0x41 + i) for i in range(23)) + ["é"]),
              "unsigned": pa.array([2**63 + i for i in range(24)], pa.uint64())}[kind]  # fmt: skip
    table = pa.table({"id": ids(24), "value": values})
    path = write(tmp_path, "old", table, row_group_size=8)
    parquet_footer.make_statistics_old(
        path, lambda name, low, high: (low, high) if name == "id" else (high, low))
    server = serve(f"old={path}")
    wanted = [str(value) for value in values.to_pylist()]
    first, last = wanted[0], wanted[-1]
    assert [row[1] for row in rows_of(server, "old")] == wanted
    assert [row[0] for row in rows_of(server, "old", filter=json.dumps({"value": first}))] == [1]
    assert [row[0] for row in rows_of(server, "old", filter=json.dumps({"value": last}))] == [24]
    assert len(rows_of(server, "old", filter=json.dumps({"value": {"op": "le", "value": first}}))) == 1
    assert sql(server, "SELECT min(value)::VARCHAR, max(value)::VARCHAR, count(DISTINCT value) FROM old") == [
        [first, last, 24]]  # fmt: skip
    top = server.get("/api/v1/datasets/old/top", column="value", k="30")
    assert top.status == 200 and len(top.json()["rows"]) == 24
    described = {column["name"]: column for column in server.get("/api/v1/datasets/old").json()["columns"]}
    assert (described["value"].get("min"), described["value"].get("max")) in [(None, None), (first, last)]


def test_bounds_of_a_wrong_length(serve, tmp_path):
    """Neither reader takes a chunk with such bounds: the file is refused once, for every route, and hides no other."""
    folder = tmp_path / "some"
    folder.mkdir()
    write(folder, "good", pa.table({"id": ids(3), "n": pa.array([4, 5, 6], pa.int32())}))
    path = write(folder, "wrong", pa.table({"id": ids(3), "n": pa.array([None, None, None], pa.int32())}))
    parquet_footer.make_statistics_old(
        path, lambda name, low, high: (low[:3], high[:3]) if name == "id" else (low, high))  # fmt: skip
    server = serve(f"wrong={path}", f"some={folder}")
    for parameters in ({}, {"sort": "id"}, {"filter": '{"id": 1}'}):
        refused = server.rows("wrong", **parameters)
        assert (refused.status, refused.code) == (400, "InvalidData"), refused.body
        assert b"wrong.parquet" in refused.body and b"column id has bounds of a wrong length" in refused.body
    described = server.get("/api/v1/datasets/some").json()
    assert [pathlib.Path(file["path"]).name for file in described["left_out"]] == ["wrong.parquet"]
    rest = server.rows("some", sort="id", on_unreadable="skip").json()
    assert rest["rows"] == [[1, 4], [2, 5], [3, 6]]
    assert [pathlib.Path(name).name for name in rest["left_out"]] == ["wrong.parquet"]


@pytest.mark.parametrize("kind", [pa.uint32(), pa.int32()])
def test_integers_far_apart_in_duckdbs_second_format(serve, tmp_path, kind):
    """Its writer packs their differences in more than 32 bits, which no other reader expects."""
    low, high = (0, 2**32 - 1) if kind == pa.uint32() else (-(2**31), 2**31 - 1)
    values = [low, high, low, 7, None, high, 0]
    made = pa.table({"id": ids(len(values)), "n": pa.array(values, kind)})
    path = tmp_path / "far.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY made TO '{path}' (FORMAT parquet, PARQUET_VERSION V2)")
    check_routes(serve(f"far={path}"), "far", [[i + 1, value] for i, value in enumerate(values)], "id")


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
def test_minus_zero_stays_minus_zero_where_rows_are_sorted_by_it(serve, tmp_path, kind):
    values = [0.5, -0.0, 0.0, -0.5, None]
    path = write(tmp_path, "zero", pa.table({"id": ids(5), "v": pa.array(values, kind)}))
    server = serve(f"zero={path}")
    for sort, order in (("v", [4, 2, 3, 1, 5]), ("-v,id", [1, 2, 3, 4, 5])):
        body = server.rows("zero", sort=sort, format="csv", columns="v,id").body.decode()
        shown = {1: "0.5", 2: "-0.0", 3: "0.0", 4: "-0.5", 5: ""}
        assert body.split() == ["v,id", *(f"{shown[i]},{i}" for i in order)]
        document = page(server, "zero", sort=sort, columns="v,id", limit=2)
        assert [column["name"] for column in document["columns"]] == ["v", "id"]


def test_cut_bounds_are_no_values(serve, tmp_path):
    """polars cuts the bounds of long texts."""
    polars = pytest.importorskip("polars")
    polars.DataFrame({"s": ["a" * 100, "b" * 100]}).write_parquet(tmp_path / "cut.parquet")
    server = serve(f"cut={tmp_path / 'cut.parquet'}")
    (column,) = server.get("/api/v1/datasets/cut").json()["columns"]
    assert column.get("max") in (None, "b" * 100) and column.get("min") in (None, "a" * 100)
    assert sql(server, "SELECT min(s), max(s) FROM cut") == [["a" * 100, "b" * 100]]
    profile = server.get("/api/v1/datasets/cut/profile", type="summary").json()
    assert profile["rows"] == 2


# Files that do not have the same columns.


def serve_joined(serve, folder, *tables):
    for i, table in enumerate(tables):
        write(folder / "joined", f"{i}", table)
    return serve(f"joined={folder / 'joined'}")


def test_decimals_of_several_scales(serve, tmp_path):
    server = serve_joined(
        serve, tmp_path,
        pa.table({"id": [1], "d": pa.array([Decimal("1.50")], pa.decimal128(10, 2))}),
        pa.table({"id": [2], "d": pa.array([Decimal("0.1234567")], pa.decimal128(9, 7))}))  # fmt: skip
    assert types_of(server, "joined")["d"] == "DECIMAL(15,7)"
    check_routes(server, "joined", [[1, "1.5000000"], [2, "0.1234567"]], "id")


def test_decimals_that_no_type_holds_together(serve, tmp_path):
    """Case 19."""
    server = serve_joined(
        serve, tmp_path,
        pa.table({"id": [1], "d": pa.array([Decimal("12345678901234567890123456789012345.67")], pa.decimal128(37, 2))}),
        pa.table({"id": [2], "d": pa.array([Decimal("0.1234567890123456789")], pa.decimal128(20, 19))}))  # fmt: skip
    assert types_of(server, "joined") == {"id": "BIGINT", "d": "DECIMAL(37,2)", "d__string": "VARCHAR"}
    check_routes(server, "joined", [[1, "12345678901234567890123456789012345.67", None],
                                    [2, None, "0.1234567890123456789"]], "id")  # fmt: skip
    notes = server.get("/api/v1/datasets/joined").json()["notes"]
    assert any('"d__string"' in note for note in notes)


def test_booleans_beside_integers(serve, tmp_path):
    """Case 21."""
    server = serve_joined(serve, tmp_path, pa.table({"id": [1], "v": [True]}), pa.table({"id": [2], "v": [2]}))
    assert types_of(server, "joined") == {"id": "BIGINT", "v": "BIGINT", "v__string": "VARCHAR"}
    check_routes(server, "joined", [[1, None, "true"], [2, 2, None]], "id")


def test_integers_beside_doubles(serve, tmp_path):
    server = serve_joined(serve, tmp_path, pa.table({"id": [1], "v": [BIG]}), pa.table({"id": [2], "v": [0.5]}))
    assert types_of(server, "joined") == {"id": "BIGINT", "v": "BIGINT", "v__double": "DOUBLE"}
    check_routes(server, "joined", [[1, str(BIG), None], [2, None, 0.5]], "id")


def test_small_integers_beside_doubles_and_texts(serve, tmp_path):
    server = serve_joined(
        serve, tmp_path, pa.table({"id": [1], "v": pa.array([7], pa.int32())}), pa.table({"id": [2], "v": [0.5]}),
        pa.table({"id": [3], "v": ["007"]}), pa.table({"id": [4], "other": [datetime.date(2024, 1, 2)]}))  # fmt: skip
    check_routes(server, "joined", [[1, 7.0, None, None], [2, 0.5, None, None], [3, None, "007", None],
                                    [4, None, None, "2024-01-02"]], "id")  # fmt: skip


def test_columns_of_nulls_join_with_anything(serve, tmp_path):
    server = serve_joined(serve, tmp_path, pa.table({"id": [1], "v": pa.nulls(1)}),
                          pa.table({"id": [2], "v": ["x"]}), pa.table({"id": [3], "v": pa.nulls(1)}))  # fmt: skip
    assert types_of(server, "joined") == {"id": "BIGINT", "v": "VARCHAR"}
    check_routes(server, "joined", [[1, None], [2, "x"], [3, None]], "id")


def test_a_missing_column_is_null(serve, tmp_path):
    server = serve_joined(serve, tmp_path, pa.table({"id": [1], "a": [1]}), pa.table({"id": [2], "b": ["x"]}))
    check_routes(server, "joined", [[1, 1, None], [2, None, "x"]], "id")


def test_files_of_both_readers_join(serve, tmp_path):
    """One file the engine reads, one we read for it."""
    write(tmp_path / "both", "0", pa.table({"id": ids(3), "v": pa.array([1, 2, 3])}))
    write(tmp_path / "both", "1", pa.table({"id": ids(3, 4), "v": pa.array([4, 5, 6])}), use_dictionary=False,
          column_encoding={"id": "BYTE_STREAM_SPLIT", "v": "PLAIN"})  # fmt: skip
    server = serve(f"both={tmp_path / 'both'}")
    check_routes(server, "both", [[i, i] for i in range(1, 7)], "id")


# Folders named key=value.


def serve_hive(serve, folder, values, key="ver"):
    for i, value in enumerate(values):
        (folder / "hive" / f"{key}={value}").mkdir(parents=True)
        pq.write_table(pa.table({"v": [i]}), folder / "hive" / f"{key}={value}" / "d.parquet")
    return serve(f"hive={folder / 'hive'}")


@pytest.mark.parametrize("names, kind, values", [
    (["1.10", "1.2"], "VARCHAR", ["1.10", "1.2"]),  # case 22
    (["007", "8"], "VARCHAR", ["007", "8"]),
    (["7", "8"], "BIGINT", [7, 8]),
    (["2024-01-02", "2024-02-29"], "DATE", ["2024-01-02", "2024-02-29"]),
    (["2024-01-02", "2024-02-30"], "VARCHAR", ["2024-01-02", "2024-02-30"]),
    (["NULL", "__HIVE_DEFAULT_PARTITION__", "null"], "VARCHAR", ["NULL", None, "null"]),
    (["a%2Fb", "a%20b", "100%", "é", "a=b"], "VARCHAR", ["a/b", "a b", "100%", "é", "a=b"]),
    (["a[1]", "a1", "b*", "c?"], "VARCHAR", ["a[1]", "a1", "b*", "c?"]),
    (["1", "__HIVE_DEFAULT_PARTITION__"], "BIGINT", [1, None]),
])  # fmt: skip
def test_values_of_folders(serve, tmp_path, names, kind, values):
    server = serve_hive(serve, tmp_path, names)
    assert types_of(server, "hive") == {"v": "BIGINT", "ver": kind}
    wanted = [[i, value] for i, value in enumerate(values)]
    assert sorted(rows_of(server, "hive")) == wanted
    assert rows_of(server, "hive", sort="v") == wanted
    for i, value in enumerate(values):
        assert rows_of(server, "hive", filter=json.dumps({"ver": value})) == [[i, value]]
    assert sql(server, "SELECT v, ver FROM hive ORDER BY v") == wanted


def test_folders_above_and_below(serve, tmp_path):
    """Folders above the dataset's own are none of its columns, and a folder stands for a column of its name."""
    root = tmp_path / "year=1999" / "data"
    for month in (1, 2):
        write(root / f"month={month}", "d", pa.table({"v": [month], "month": [99]}))
    server = serve(f"hive={root}")
    assert types_of(server, "hive") == {"v": "BIGINT", "month": "BIGINT"}
    assert rows_of(server, "hive", sort="v") == [[1, 1], [2, 2]]


# Names of columns.

ODD_NAMES = ["a,b", " ", "a.b", 'a"b', "a\nb", "column", "COLUMN", "file_index", "file_row_number", "é", "-x", "it's",
             "x" * 300, "__file_row"]  # fmt: skip


def test_odd_names_of_columns(serve, tmp_path):
    """Cases 90 and 92: every column has a name, and can be named in every route."""
    table = pa.table([pa.array([i, None, i + 100]) for i in range(len(ODD_NAMES))], names=ODD_NAMES)
    server = serve(f"odd={write(tmp_path, 'odd', table)}")
    shown = [column["name"] for column in page(server, "odd", limit=1)["columns"]]
    assert shown == [{"COLUMN": "COLUMN_1"}.get(name, name) for name in ODD_NAMES]
    for i, name in enumerate(shown):
        assert rows_of(server, "odd", columns=quoted(name)) == [[i], [None], [i + 100]]
        for sign, wanted in (("", [[i], [i + 100], [None]]), ("-", [[i + 100], [i], [None]])):
            assert rows_of(server, "odd", columns=quoted(name), sort=sign + quoted(name)) == wanted
            assert pages_of(server, "odd", 1, columns=quoted(name), sort=sign + quoted(name)) == wanted
        assert rows_of(server, "odd", columns=quoted(name), filter=json.dumps({name: i})) == [[i]]
        assert sql(server, f"SELECT {quoted(name)} FROM odd WHERE {quoted(name)} = {i}") == [[i]]
        top = server.get("/api/v1/datasets/odd/top", column=name)
        assert top.status == 200 and len(top.json()["rows"]) >= 2, (name, top.body)
    profile = server.get("/api/v1/datasets/odd/profile")
    assert profile.status == 200, profile.body
    assert [column["name"] for column in profile.json()["columns"]] == shown
    for kind in ("csv", "ndjson", "parquet", "arrow", "xlsx"):
        assert server.rows("odd", format=kind).status == 200, kind
    exported = pq.read_table(io.BytesIO(server.rows("odd", format="parquet", sort="a.b").body))
    assert exported.column_names == shown and exported.num_rows == 3


def test_a_column_without_a_name(serve, tmp_path):
    server = serve(f"bare={write(tmp_path, 'bare', pa.table([pa.array([1]), pa.array([2])], names=['', 'a']))}")
    assert types_of(server, "bare") == {"C0": "BIGINT", "a": "BIGINT"}
    check_routes(server, "bare", [[1, 2]], "C0")


@pytest.mark.parametrize("text", ["\"a", "\"a\"b", "\"a\"\""])
def test_unclosed_quotes_are_refused(server, text):
    for parameter in ("columns", "sort"):
        answer = server.rows("rows_0", **{parameter: text})
        assert answer.status == 400 and parameter in answer.json()["detail"]
