"""All three million flights in every format equal DuckDB's own table, column by column and in file order."""

import gc
import io
import json

import numpy
import polars
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
import readers
from readers import FORMATS

ROWS = 3_000_000


@pytest.fixture(scope="module")
def table(oracle):
    table = oracle.sql("SELECT * FROM flights").to_arrow_table()
    assert table.num_rows == ROWS
    return table


def from_json_rows(data, schema):
    gc.disable()  # three million lists at once: the collector would look at them again and again
    document = json.loads(data)
    gc.enable()
    assert [column["name"] for column in document["columns"]] == schema.names
    assert (document["total_rows"], document["total_exact"], document["next"]) == (ROWS, True, None)
    columns = list(zip(*document["rows"]))
    stamps = numpy.array(columns[0], dtype="datetime64[us]")
    return pa.table([stamps, *columns[1:]], schema=schema)


def read(data, format_, schema):
    if format_ == "json":
        return from_json_rows(data, schema)
    if format_ == "ndjson":
        frame = polars.read_ndjson(data)
        return frame.with_columns(polars.col("date").str.to_datetime(time_unit="us")).to_arrow().cast(schema)
    if format_ == "csv":
        types = pyarrow.csv.ConvertOptions(column_types=schema)
        return pyarrow.csv.read_csv(pa.BufferReader(data), convert_options=types)
    if format_ == "parquet":
        return pyarrow.parquet.read_table(pa.BufferReader(data)).cast(schema)
    opened = pyarrow.ipc.open_stream(data) if format_ == "arrow" else pyarrow.ipc.open_file(data)
    return opened.read_all().cast(schema)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_row_of_every_route(flights, table, format_):
    answer = flights.rows("flights", format=format_)
    assert answer.status == 200
    assert answer.headers["transfer-encoding"] == "chunked" and answer.headers["x-total-rows"] == str(ROWS)
    assert read(answer.body, format_, table.schema).equals(table)
    by_sql = flights.sql("SELECT * FROM flights", format=format_, timeout=120)
    if format_ in ("ndjson", "csv"):
        assert by_sql.body == answer.body
    elif format_ == "json":
        begin, end = (by_sql.body.index(b'"rows":['), by_sql.body.rindex(b'],"total_rows"'))
        assert by_sql.body[begin:end] == answer.body[answer.body.index(b'"rows":[') :][: end - begin]
    else:
        assert read(by_sql.body, format_, table.schema).equals(table)


@pytest.mark.parametrize("compression", ("none", "zstd", "snappy", "gzip", "lz4"))
def test_parquet_written_anew(flights, table, compression):
    answer = flights.get("/api/v1/datasets/flights/export", format="parquet", compression=compression)
    assert read(answer.body, "parquet", table.schema).equals(table)


def test_parquet_of_a_whole_file_is_that_file(flights, table):
    answer = flights.get("/data/parquet")
    assert read(answer.body, "parquet", table.schema).equals(table)
    assert answer.headers["content-disposition"] == 'attachment; filename="flights.parquet"'


@pytest.mark.parametrize("encoding", ("gzip", "zstd"))
def test_encoded_csv(flights, table, encoding):
    answer = flights.rows("flights", {"Accept-Encoding": encoding}, format="csv")
    assert answer.headers["content-encoding"] == encoding
    assert read(readers.decoded(answer), "csv", table.schema).equals(table)


def test_arrow_in_lz4_and_by_polars(flights, table):
    answer = flights.get("/data/arrow_ipc_polars_direct")
    assert polars.read_ipc(io.BytesIO(answer.body)).to_arrow().cast(table.schema).equals(table)
    squeezed = flights.rows("flights", format="arrow", compression="lz4")
    assert read(squeezed.body, "arrow", table.schema).equals(table)


def test_a_sorted_and_filtered_export(flights, oracle):
    """Rows tie on (delay, origin); file order breaks the ties, as DuckDB's own row numbers say."""
    wanted = oracle.execute(
        "SELECT delay, origin, destination, date FROM (SELECT *, row_number() OVER () AS r FROM flights) "
        "WHERE delay > 300 AND origin <> 'ATL' ORDER BY delay DESC, origin, r").to_arrow_table()  # fmt: skip
    answer = flights.get(
        "/api/v1/datasets/flights/export", format="arrow", sort="-delay,origin",
        columns="delay,origin,destination,date",
        filter={"delay": {"op": "gt", "value": 300}, "origin": {"op": "ne", "value": "ATL"}})  # fmt: skip
    assert wanted.num_rows > 1000 and read(answer.body, "arrow", wanted.schema).equals(wanted)


def test_the_summary_route(flights, oracle):
    wanted = oracle.execute(
        "SELECT origin, avg(delay) AS average_value, sum(delay)::DECIMAL(38,0) AS total_value, "
        "count(*) AS record_count FROM flights GROUP BY origin ORDER BY origin").fetchall()  # fmt: skip
    answer = flights.get("/data/aggregated_summary", category="origin", value="delay")
    got = pyarrow.ipc.open_file(answer.body).read_all()
    assert got.column_names == ["origin", "average_value", "total_value", "record_count"]
    assert list(zip(*(column.to_pylist() for column in got.columns))) == wanted
    one = flights.get("/data/aggregated_summary", filter_category="SEA", value="delay", format="json").json()
    assert [row[0] for row in one["rows"]] == ["SEA"]
    part = flights.get("/data/aggregated_summary", category="origin", value="delay", skip=2, limit=3, format="json")
    assert [row[0] for row in part.json()["rows"]] == [row[0] for row in wanted[2:5]]
