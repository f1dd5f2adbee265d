"""Arrow files of every type: each value comes out as it is, in every route, or the file is refused with its reason."""

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from test_parquet_cases import check_routes, rows_of, types_of

NAN = float("nan")


def write(folder, name, table, stream=False, **options):
    path = folder / f"{name}.arrow"
    opener = pa.ipc.new_stream if stream else pa.ipc.new_file
    with opener(path, table.schema, **options) as writer:
        writer.write_table(table, max_chunksize=2)
    return path


def union(kind):
    ints, texts = pa.array([1, 0, 3], pa.int64()), pa.array(["", "b", ""])
    types = pa.array([0, 1, 0], pa.int8())
    if kind == "sparse":
        return pa.UnionArray.from_sparse(types, [ints, texts], ["i", "s"])
    return pa.UnionArray.from_dense(types, pa.array([0, 0, 1], pa.int32()),
                                    [pa.array([1, 3], pa.int64()), pa.array(["b"])], ["i", "s"])  # fmt: skip


BIG_DECIMAL = Decimal("12345678901234567890123456789012345678901.25")
UNION_ROWS = [{"i": 1, "s": None}, {"i": None, "s": "b"}, {"i": 3, "s": None}]

# The values of the second column and how the json format has them; the first is a number that counts.
COLUMNS = {
    "dictionary": (pa.array(["b", None, "a"]).dictionary_encode(), ["b", None, "a"]),
    "dictionary_in_list": (pa.array([["a", "b"], None, ["a"]], pa.list_(pa.dictionary(pa.int32(), pa.string()))),
                           [["a", "b"], None, ["a"]]),
    "float16": (pa.array([1.5, None, -0.25], pa.float16()), [1.5, None, -0.25]),
    "decimal256": (pa.array([BIG_DECIMAL, None, Decimal("-0.01")], pa.decimal256(43, 2)),
                   [str(BIG_DECIMAL), None, "-0.01"]),
    "short_decimal256": (pa.array([Decimal("1.50"), None, Decimal("-2.25")], pa.decimal256(20, 2)),
                         ["1.50", None, "-2.25"]),
    "decimal32": (pa.array([Decimal("1.50"), None, Decimal("-2.25")], pa.decimal32(5, 2)), ["1.50", None, "-2.25"]),
    "hundreds": (pa.array([Decimal("1200"), None, Decimal("-99999e2")], pa.decimal128(5, -2)),
                 ["1200", None, "-9999900"]),
    "hundreds_in_list": (pa.array([[Decimal("1200"), None], None, []], pa.list_(pa.decimal128(5, -2))),
                         [["1200", None], None, []]),
    "small_hundreds": (pa.array([Decimal("1200"), None, Decimal("0")], pa.decimal32(5, -2)), ["1200", None, "0"]),
    "tiny_decimal256": (pa.array([Decimal("1e-12"), None, Decimal("-1")], pa.decimal256(50, 12)),
                        ["0.000000000001", None, "-1.000000000000"]),
    "sparse_union": (union("sparse"), UNION_ROWS),
    "dense_union": (union("dense"), UNION_ROWS),
    "string_view": (pa.array(["short", None, "long" * 10], pa.string_view()), ["short", None, "long" * 10]),
    "binary_view": (pa.array([b"\xff", None, b""], pa.binary_view()), ["/w==", None, ""]),
    "list_view": (pa.array([[1, 2], None, []], pa.list_view(pa.int32())), [[1, 2], None, []]),
    "large_list_view": (pa.array([["x"], None, []], pa.large_list_view(pa.string())), [["x"], None, []]),
    "runs": (pa.RunEndEncodedArray.from_arrays([2, 3], pa.array(["x", None])), ["x", "x", None]),
    "large": (pa.array(["a", None, "b"], pa.large_string()), ["a", None, "b"]),
    "fixed_list": (pa.array([[1, 2], None, [3, 4]], pa.list_(pa.int16(), 2)), [[1, 2], None, [3, 4]]),
    "zoned_nanos": (pa.array([1704103200123456789, None, -1], pa.timestamp("ns", "Europe/Berlin")),
                    ["2024-01-01T10:00:00.123456789", None, "1969-12-31T23:59:59.999999999"]),
    "zoned_micros": (pa.array([1704103200123456000, None, -1000], pa.timestamp("ns", "Europe/Berlin")),
                     ["2024-01-01T10:00:00.123456Z", None, "1969-12-31T23:59:59.999999Z"]),
    "nanos": (pa.array([1, None, -1], pa.timestamp("ns")),
              ["1970-01-01T00:00:00.000000001", None, "1969-12-31T23:59:59.999999999"]),
    "time_nanos": (pa.array([1, None, 3_600_000_000_001], pa.time64("ns")), ["00:00:00.000000001", None,
                                                                              "01:00:00.000000001"]),
    "duration_nanos": (pa.array([1001, None, -1], pa.duration("ns")), ["1001", None, "-1"]),
    "date64": (pa.array([datetime.date(2024, 2, 29), None, datetime.date(1, 1, 1)], pa.date64()),
               ["2024-02-29", None, "0001-01-01"]),
    "map": (pa.array([[("a", 1)], None, []], pa.map_(pa.string(), pa.int32())), [{"a": 1}, None, {}]),
    "uuid": (pa.array([b"0123456789abcdef", None, b"\0" * 16], pa.uuid()),
             ["30313233-3435-3637-3839-616263646566", None, "00000000-0000-0000-0000-000000000000"]),
    "nulls": (pa.nulls(3), [None, None, None]),
    "struct_of_all": (pa.array([{"h": 1.5, "d": "x"}, None, {"h": None, "d": None}],
                               pa.struct([("h", pa.float16()), ("d", pa.dictionary(pa.int8(), pa.string()))])),
                      [{"h": 1.5, "d": "x"}, None, {"h": None, "d": None}]),
}  # fmt: skip


@pytest.fixture(scope="module")
def server(serve_module, tmp_path_factory):
    folder = tmp_path_factory.mktemp("arrow")
    for name, (values, _) in COLUMNS.items():
        table = pa.table({"id": pa.array([1, 2, 3]), "v": values})
        write(folder, name, table, stream=len(name) % 2 == 0)
    return serve_module(*[f"{file.stem}={file}" for file in sorted(folder.iterdir())])


@pytest.mark.parametrize("name", COLUMNS)
def test_every_route_reads_it(server, name):
    listed = {entry["name"]: entry for entry in server.get("/api/v1/datasets").json()["datasets"]}
    assert "error" not in listed[name], listed[name]["error"]
    wanted = [[i + 1, value] for i, value in enumerate(COLUMNS[name][1])]
    rows = rows_of(server, name)
    # 64-bit numbers are texts where they are told as such.
    counts = name == "duration_nanos"
    assert [[row[0], str(row[1]) if counts and row[1] is not None else row[1]] for row in rows] == wanted
    check_routes(server, name, rows, "id")


def test_not_a_number(serve, tmp_path):
    path = write(tmp_path, "half", pa.table({"id": [1, 2], "x": pa.array([1.5, NAN], pa.float16())}))
    server = serve(f"half={path}")
    assert rows_of(server, "half") == [[1, 1.5], [2, "NaN"]]


def test_same_names(serve, tmp_path):
    """Case 95: as of Parquet."""
    table = pa.table([pa.array([1]), pa.array([2]), pa.array([3]), pa.array([4])], names=["a", "a", "A", ""])
    server = serve(f"same={write(tmp_path, 'same', table)}")
    assert list(types_of(server, "same")) == ["a", "a_1", "A_2", "column3"]
    check_routes(server, "same", [[1, 2, 3, 4]], "a")


def test_no_columns(serve, tmp_path):
    """Case 93: refused once, with the reason."""
    path = tmp_path / "none.arrow"
    with pa.ipc.new_file(path, pa.schema([])) as writer:
        writer.write_batch(pa.RecordBatch.from_struct_array(pa.array([{}, {}], pa.struct([]))))
    server = serve(f"none={path}")
    answer = server.rows("none")
    assert answer.status == 400 and "no columns" in answer.json()["detail"]


def test_intervals_finer_than_a_microsecond_are_refused(serve, tmp_path):
    values = pa.array([pa.MonthDayNano([1, 2, 3001])], pa.month_day_nano_interval())
    server = serve(f"fine={write(tmp_path, 'fine', pa.table({'id': [1], 'v': values}))}")
    answer = server.rows("fine")
    assert answer.status == 400
    assert "finer than a microsecond" in answer.json()["detail"] and "fine.arrow" in answer.json()["detail"]


def test_files_of_several_schemas(serve, tmp_path):
    folder = tmp_path / "joined"
    folder.mkdir()
    write(folder, "0", pa.table({"id": [1], "v": [True]}))
    write(folder, "1", pa.table({"id": [2], "v": [2], "w": ["x"]}))
    server = serve(f"joined={folder}")
    check_routes(server, "joined", [[1, None, "true", None], [2, 2, None, "x"]], "id")


def test_folders_named_by_values(serve, tmp_path):
    for i, name in enumerate(["1.10", "1.2"]):
        (tmp_path / "hive" / f"ver={name}").mkdir(parents=True)
        write(tmp_path / "hive" / f"ver={name}", "d", pa.table({"id": [i]}))
    server = serve(f"hive={tmp_path / 'hive'}")
    check_routes(server, "hive", [[0, "1.10"], [1, "1.2"]], "id")
