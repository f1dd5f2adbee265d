"""Values out of files: the hard table written by DuckDB, pyarrow and polars comes out of every route and format as
DuckDB itself reads it from that very file (kinds are DuckDB's: it turns HUGEINT into DOUBLE when it writes Parquet).
"""

import hard_table
import polars
import pyarrow as pa
import pyarrow.parquet
import pytest
import readers
from canonical import expected
from readers import FORMATS, check

ROWS = 150
DUCKDB = {
    "duck_default": "",
    "duck_v2": ", PARQUET_VERSION V2, COMPRESSION zstd, ROW_GROUP_SIZE 50",
    "duck_plain": ", COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 0",
    "duck_gzip": ", COMPRESSION gzip",
    "duck_lz4": ", COMPRESSION lz4_raw",
}
ARROW = {
    "arrow_snappy": {"compression": "snappy", "row_group_size": 7},
    "arrow_v2_zstd": {"compression": "zstd", "data_page_version": "2.0", "row_group_size": 64, "data_page_size": 256},
    "arrow_v2_plain": {"compression": "none", "data_page_version": "2.0", "use_dictionary": False},
    "arrow_gzip": {"compression": "gzip", "use_dictionary": False, "row_group_size": 1},
    "arrow_brotli": {"compression": "brotli", "write_statistics": False},
    "arrow_lz4_old": {"compression": "lz4", "version": "1.0", "coerce_timestamps": "us",
                      "allow_truncated_timestamps": True},
    "arrow_delta": {"compression": "snappy", "use_dictionary": False, "use_byte_stream_split": ["real"],
                    "column_encoding": {"big": "DELTA_BINARY_PACKED", "words": "DELTA_BYTE_ARRAY",
                                        "bytes": "DELTA_LENGTH_BYTE_ARRAY"}},
    "arrow_no_schema": {"store_schema": False},
    "arrow_decimal_integers": {"store_decimal_as_integer": True},
}  # fmt: skip
OTHERS = ["arrow_large", "arrow_views", "arrow_dictionary", "arrow_int96", "arrow_other", "polars_zstd", "polars_plain"]
FILES = [*DUCKDB, *ARROW, *OTHERS]


def arrow_table(oracle):
    """What Parquet can hold, as Arrow: the huge integers as decimals."""
    names = [name for name in hard_table.COLUMNS if name not in hard_table.NOT_IN_PARQUET]
    sql = f"SELECT * REPLACE (mood::VARCHAR AS mood, bits::VARCHAR AS bits) FROM ({hard_table.select(ROWS, names)})"
    return oracle.sql(sql).to_arrow_table()


def cast_types(table, change):
    """The table with the top-level column types changed."""
    fields = [pa.field(field.name, change(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def write_others(folder, table):
    large = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary()}
    views = {pa.string(): pa.string_view(), pa.binary(): pa.binary_view()}
    flat = [name for name in ("id", "big", "words", "bytes", "fine", "real", "moment") if name in table.column_names]
    write = pyarrow.parquet.write_table
    write(cast_types(table, lambda t: large.get(t, t)), folder / "arrow_large.parquet", row_group_size=33)
    write(cast_types(table.select(flat), lambda t: views.get(t, t)), folder / "arrow_views.parquet")
    coded = table.select(flat)
    for name in ("words", "big"):
        coded = coded.set_column(coded.column_names.index(name), name, coded[name].dictionary_encode())
    write(coded, folder / "arrow_dictionary.parquet", row_group_size=40)
    # Whole microseconds: DuckDB, which says what is in the files, cuts INT96 to them.
    at_us = table["at_ns"].cast(pa.timestamp("us"), safe=False)
    stamps = table.select(["id", "words"]).append_column("at_ns", at_us)
    write(stamps, folder / "arrow_int96.parquet", use_deprecated_int96_timestamps=True, row_group_size=50)
    write(other_types(), folder / "arrow_other.parquet", row_group_size=2)
    frame = polars.from_arrow(table.drop_columns(["numbers", "map"]))
    frame.write_parquet(folder / "polars_zstd.parquet", row_group_size=64)
    frame.write_parquet(folder / "polars_plain.parquet", compression="uncompressed", statistics=False)


def other_types():
    """Arrow types that DuckDB does not write itself."""
    return pa.table({
        "half": pa.array([0.5, None, float("nan"), float("inf"), -0.0], pa.float16()),
        "date64": pa.array([0, -86_400_000, None, 86_400_000, 0], pa.int64()).cast(pa.date64()),
        "time_ms": pa.array([0, 86_399_999, None, 1, 2], pa.int32()).cast(pa.time32("ms")),
        "zoned": pa.array([0, -1, None, 1, 2], pa.int64()).cast(pa.timestamp("ms", "America/New_York")),
        "huge": pa.array([None, 1, -1, 10**37, 0], pa.decimal128(38, 0)),
        "fixed": pa.array([b"abc", None, b"\0\0\0", b"\xff\xff\xff", b"   "], pa.binary(3)),
        "nothing": pa.nulls(5),
        "large_list": pa.array([[1], None, [], [None], [2, 3]], pa.large_list(pa.int64())),
    })  # fmt: skip


@pytest.fixture(scope="module")
def folder(oracle, tmp_path_factory):
    out = tmp_path_factory.mktemp("files")
    names = [name for name in hard_table.COLUMNS if name not in hard_table.NOT_IN_PARQUET]
    for name, options in DUCKDB.items():
        oracle.execute(f"COPY ({hard_table.select(ROWS, names)}) TO '{out / name}.parquet' (FORMAT parquet{options})")
    table = arrow_table(oracle)
    for name, options in ARROW.items():
        pyarrow.parquet.write_table(table, out / f"{name}.parquet", **options)
    write_others(out, table)
    return out


@pytest.fixture(scope="module")
def server(serve_module, folder):
    return serve_module(*[folder / f"{name}.parquet" for name in FILES])


@pytest.fixture(scope="module")
def truth(oracle, folder):
    """name → (kinds, columns) of a file, by DuckDB, in file order."""
    known = {}

    def find(name):
        if name not in known:
            oracle.execute("SET preserve_insertion_order = true")
            known[name] = expected(oracle, f"SELECT * FROM '{folder / name}.parquet'")
        return known[name]

    return find


def test_every_file_is_readable(server, truth):
    listed = {entry["name"]: entry for entry in server.get("/api/v1/datasets").json()["datasets"]}
    assert {name: entry.get("error") for name, entry in listed.items()} == dict.fromkeys(FILES)
    for name in FILES:
        assert listed[name]["rows"] == len(next(iter(truth(name)[1].values()))), name


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("name", FILES)
def test_rows_and_export_and_sql(server, truth, name, format_):
    kinds, columns = truth(name)
    check(server.rows(name, format=format_), format_, kinds, columns)
    exported = server.get(f"/api/v1/datasets/{name}/export", format=format_, filename="späť.x")
    check(exported, format_, kinds, columns)
    assert "filename*=UTF-8''sp%C3%A4%C5%A5.x" in exported.headers["content-disposition"]
    check(server.sql(f"SELECT * FROM {name}", format=format_), format_, kinds, columns)


@pytest.mark.parametrize("name", FILES)
def test_the_engine_and_the_plain_scan_agree(server, truth, name):
    """A filter that keeps every row sends the same selection through DuckDB; the json types must agree as well."""
    kinds, columns = truth(name)
    first = list(kinds)[0]
    everything = {"or": [{first: None}, {first: {"op": "is_null", "value": False}}]}
    filtered = server.rows(name, filter=everything)
    check(filtered, "json", kinds, columns)
    assert filtered.json()["columns"] == server.rows(name).json()["columns"]


@pytest.mark.parametrize("name", ["duck_default", "arrow_snappy", "polars_zstd", "arrow_int96"])
def test_data_routes(server, truth, name):
    kinds, columns = truth(name)
    for path, format_ in (("arrow_ipc", "arrow"), ("arrow_ipc_polars_direct", "arrow_file"), ("parquet", "parquet")):
        check(server.get(f"/data/{path}", dataset=name), format_, kinds, columns)
        part = {key: values[10:17] for key, values in columns.items()}
        check(server.get(f"/data/{path}", dataset=name, skip=10, limit=7), format_, kinds, part)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("format_", ("arrow", "arrow_file", "parquet"))
def test_polars_reads_the_same(server, truth, name, format_):
    kinds, columns = truth(name)
    if name == "arrow_other":
        kinds = {key: kind for key, kind in kinds.items() if key != "nothing"}  # polars has its own null type
    answer = server.rows(name, format=format_, columns=",".join(kinds))
    got = readers.read_table(readers.polars_table(answer.body, format_), kinds)
    assert got == {key: columns[key] for key in kinds}


@pytest.mark.parametrize("compression", ("none", "lz4", "zstd", "snappy", "gzip"))
def test_rewritten_parquet(server, truth, compression):
    kinds, columns = truth("arrow_snappy")
    answer = server.rows("arrow_snappy", format="parquet", compression=compression)
    check(answer, "parquet", kinds, columns)
    metadata = pyarrow.parquet.ParquetFile(pa.BufferReader(answer.body)).metadata
    assert metadata.row_group(0).column(0).compression == {"none": "UNCOMPRESSED"}.get(compression, compression.upper())


@pytest.mark.parametrize("encoding", ("gzip", "zstd"))
@pytest.mark.parametrize("format_", ("json", "ndjson", "csv", "arrow", "arrow_file"))
def test_encoded_rows(server, truth, format_, encoding):
    kinds, columns = truth("arrow_snappy")
    answer = server.rows("arrow_snappy", {"Accept-Encoding": encoding, "Accept": readers.MEDIA_TYPES[format_]})
    assert answer.headers["content-encoding"] == encoding
    check(answer, format_, kinds, columns)
