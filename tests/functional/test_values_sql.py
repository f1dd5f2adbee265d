"""Values through SQL: the hard table in every format, compression and encoding equals DuckDB's own answer."""

import functools
import json

import hard_table
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest
import readers
from canonical import expected
from readers import FORMATS, MEDIA_TYPES, check, decoded

ROWS = 72  # every literal of every column at least once


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module()


@functools.cache
def hard(oracle, format_):
    """(SQL, kinds, columns); what a format has no type for is refused there, see the tests below: intervals in
    Parquet, integers of 39 digits in Parquet and Arrow."""
    names = [name for name in hard_table.COLUMNS if format_ != "parquet" or name != "span"]
    sql = hard_table.select(ROWS, names)
    if format_ in ("arrow", "arrow_file", "parquet"):
        fits = f"CASE WHEN abs(huge) <= {10**38 - 1} THEN huge END"  # an integer literal: 10 ** 38 is a DOUBLE
        sql = f"SELECT * REPLACE ({fits} AS huge) FROM ({sql})"
    kinds, columns = expected(oracle, sql)
    assert 10**38 - 1 in columns["huge"]
    return sql, kinds, columns


@pytest.mark.parametrize("format_", FORMATS)
def test_every_value_in_every_format(server, oracle, format_):
    sql, kinds, columns = hard(oracle, format_)
    check(server.sql(sql, format=format_), format_, kinds, columns)


@pytest.mark.parametrize("format_", FORMATS)
def test_the_accept_header_chooses_the_format(server, oracle, format_):
    sql, kinds, columns = hard(oracle, format_)
    accept = f"text/html;q=0.1, {MEDIA_TYPES[format_]}, */*;q=0.01"
    check(server.sql(sql, headers={"Accept": accept}), format_, kinds, columns)


@pytest.mark.parametrize("format_", ("arrow", "arrow_file", "parquet"))
def test_polars_reads_the_same(server, oracle, format_):
    sql = f"SELECT * EXCLUDE (span) FROM ({hard(oracle, 'arrow')[0]})"  # polars has no intervals
    kinds, columns = expected(oracle, sql)
    answer = server.sql(sql, format=format_)
    assert readers.read_table(readers.polars_table(answer.body, format_), kinds) == columns


def test_duckdb_reads_the_same_parquet(server, oracle):
    sql, _, columns = hard(oracle, "parquet")
    got = readers.duckdb_columns(server.sql(sql, format="parquet").body)[1]
    assert got == columns


@pytest.mark.parametrize("format_", ("json", "ndjson", "csv", "arrow", "arrow_file"))
@pytest.mark.parametrize("encoding", ("gzip", "zstd", "gzip;q=0.5, zstd;q=0.9", "br, gzip"))
def test_accept_encoding_is_honoured(server, oracle, format_, encoding):
    sql, kinds, columns = hard(oracle, format_)
    answer = server.sql(sql, headers={"Accept-Encoding": encoding}, format=format_)
    assert answer.headers["content-encoding"] == ("zstd" if "zstd" in encoding else "gzip")
    assert "Accept-Encoding" in answer.headers["vary"]
    check(answer, format_, kinds, columns)


@pytest.mark.parametrize("encoding", ("identity", "br", "gzip;q=0", ""))
def test_no_encoding_unless_asked_for(server, encoding):
    answer = server.sql("SELECT 1", headers={"Accept-Encoding": encoding})
    assert "content-encoding" not in answer.headers and answer.json()["rows"] == [[1]]


def test_parquet_is_never_encoded_twice(server):
    answer = server.sql("SELECT 1", headers={"Accept-Encoding": "gzip, zstd"}, format="parquet")
    assert "content-encoding" not in answer.headers and answer.body.endswith(b"PAR1")


@pytest.mark.parametrize("compression", ("none", "lz4", "zstd"))
@pytest.mark.parametrize("format_", ("arrow", "arrow_file"))
def test_arrow_compression(server, oracle, format_, compression):
    sql, kinds, columns = hard(oracle, format_)
    check(server.sql(sql, format=format_, compression=compression), format_, kinds, columns)
    repeated = "SELECT repeat('a', 1000) AS x FROM range(1000)"
    size = len(server.sql(repeated, format=format_, compression=compression).body)
    assert size > 1_000_000 if compression == "none" else size < 50_000


@pytest.mark.parametrize("compression", ("none", "lz4", "zstd", "snappy", "gzip"))
def test_parquet_compression(server, oracle, compression):
    sql, kinds, columns = hard(oracle, "parquet")
    answer = server.sql(sql, format="parquet", compression=compression)
    check(answer, "parquet", kinds, columns)
    codecs = codecs_of(answer.body)
    assert codecs == {{"none": "UNCOMPRESSED"}.get(compression, compression.upper())}


def codecs_of(data):
    group = pyarrow.parquet.ParquetFile(pa.BufferReader(data)).metadata.row_group(0)
    return {group.column(i).compression for i in range(group.num_columns)}


@pytest.mark.parametrize(("format_", "compression"), [
    ("json", "gzip"), ("csv", "zstd"), ("arrow", "snappy"), ("arrow_file", "gzip"), ("parquet", "brotli"),
    ("parquet", "x" * 500),
])  # fmt: skip
def test_a_compression_that_a_format_has_not(server, format_, compression):
    answer = server.sql("SELECT 1", format=format_, compression=compression)
    assert (answer.status, answer.code) == (400, "InvalidData")


def test_intervals_in_parquet_are_refused_by_name(server):
    answer = server.sql("SELECT 1 AS a, INTERVAL 1 DAY AS span", format="parquet")
    assert 400 <= answer.status < 500, answer.body
    assert '\\"span\\"' in answer.body.decode()


@pytest.mark.parametrize("format_", ("arrow", "arrow_file", "parquet"))
def test_huge_integers_are_exact_or_refused(server, format_):
    """A decimal has 38 digits, 2^127 has 39: such a value is refused by the column's name, all others are valid."""
    fits = server.sql("SELECT 99999999999999999999999999999999999999 AS x UNION ALL SELECT -1", format=format_)
    table = readers.polars_table(fits.body, format_)
    table.validate(full=True)
    assert sorted(map(int, table["x"].to_pylist())) == [-1, 10**38 - 1]
    for value in ("170141183460469231731687303715884105727", "-100000000000000000000000000000000000000"):
        for sql in (f"SELECT 1 AS a, {value} AS big", f"SELECT [{{'n': {value}}}] AS big"):
            answer = server.sql(sql, format=format_)
            assert (answer.status, answer.code) == (400, "InvalidData"), answer.body[:300]
            assert '\\"big\\"' in answer.body.decode()


def test_plain_numbers(server):
    sql = "SELECT 9007199254740993 AS a, 1.10::DECIMAL(4,2) AS b, 1::HUGEINT << 100 AS c, 'NaN'::DOUBLE AS d"
    exact, plain = server.sql(sql), server.sql(sql, numbers="plain")
    assert exact.json()["rows"] == [["9007199254740993", "1.10", str(1 << 100), "NaN"]]
    assert b"[[9007199254740993,1.10,1267650600228229401496703205376," in plain.body
    line = server.sql(sql, numbers="plain", format="ndjson").body
    assert json.loads(line)["a"] == 9007199254740993 and b'"b":1.10,' in line


def test_infinite_dates(server):
    sql = "SELECT 'infinity'::DATE a, '-infinity'::DATE b, 'infinity'::TIMESTAMP c, '-infinity'::TIMESTAMPTZ d"
    assert server.sql(sql).json()["rows"] == [["infinity", "-infinity", "infinity", "-infinity"]]
    assert server.sql(sql, format="csv").body == b"a,b,c,d\ninfinity,-infinity,infinity,-infinity\n"


@pytest.mark.parametrize("format_", FORMATS)
def test_no_rows_keep_their_columns(server, oracle, format_):
    sql, kinds, _ = hard(oracle, format_)
    answer = server.sql(f"SELECT * FROM ({sql}) WHERE id < 0", format=format_)
    check(answer, format_, kinds, {name: [] for name in kinds})
    if format_ == "csv":
        assert decoded(answer).decode() == ",".join(kinds) + "\n"


@pytest.mark.parametrize("format_", FORMATS)
def test_strange_column_names(server, format_):
    names = ["a,b", 'say "hi"', "line\nbreak", "😀", "a", "A "]
    sql = "SELECT " + ", ".join(f"{i} AS {quoted(name)}" for i, name in enumerate(names))
    answer = server.sql(sql, format=format_)
    assert answer.status == 200, answer.body
    if format_ == "json":
        assert [column["name"] for column in answer.json()["columns"]] == names
    elif format_ == "ndjson":
        assert list(json.loads(answer.body)) == names
    elif format_ == "csv":
        assert list(readers.csv_texts(answer.body)) == names
    else:
        assert readers.polars_table(answer.body, format_).column_names == names


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def test_repeated_column_names(server):
    sql = "SELECT 1 AS a, 2 AS a, 3 AS a_1"
    document = server.sql(sql).json()
    assert [column["name"] for column in document["columns"]] == ["a", "a", "a_1"] and document["rows"] == [[1, 2, 3]]
    line = json.loads(server.sql(sql, format="ndjson").body, object_pairs_hook=list)
    assert [value for _, value in line] == [1, 2, 3] and len({name for name, _ in line}) == 3
    table = pa.ipc.open_stream(server.sql(sql, format="arrow").body).read_all()
    assert [column.to_pylist() for column in table.columns] == [[1], [2], [3]]
