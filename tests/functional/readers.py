"""Independent readers: the bytes of each format → {column: [values in the form of canonical.py]}.

json and ndjson are read by Python's json; csv by DuckDB's reader (which tells NULL from "") and, as a second opinion,
by Python's csv; arrow and arrow_file by pyarrow and polars; parquet by pyarrow, polars and DuckDB. Each normaliser
checks what only its format promises: json that big numbers are strings, arrow and parquet that types are kept.
"""

import csv
import gzip
import io
import json
import pathlib
import tempfile

import canonical
import duckdb
import polars
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
from canonical import from_json, from_text, key_text

UNITS = {"s": 10**9, "ms": 10**6, "us": 1000, "ns": 1}
FORMATS = ("json", "ndjson", "csv", "arrow", "arrow_file", "parquet")
MEDIA_TYPES = {
    "json": "application/json",
    "ndjson": "application/x-ndjson",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
    "arrow_file": "application/vnd.apache.arrow.file",
    "parquet": "application/vnd.apache.parquet",
}


def read_json(data, kinds):
    document = json.loads(data)
    assert [column["name"] for column in document["columns"]] == list(kinds)
    assert all(len(row) == len(kinds) for row in document["rows"])
    columns = zip(*document["rows"]) if document["rows"] else [[] for _ in kinds]
    return {name: [from_json(kind, v) for v in values] for (name, kind), values in zip(kinds.items(), columns)}


def read_ndjson(data, kinds):
    assert data == b"" or data.endswith(b"\n")
    rows = [json.loads(line) for line in data.decode().split("\n")[:-1]]
    assert all(list(row) == list(kinds) for row in rows)
    return {name: [from_json(kind, row[name]) for row in rows] for name, kind in kinds.items()}


def csv_texts(data):
    """{column: [text or None]} by DuckDB's reader: an empty field is NULL, a quoted empty one is empty text."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "answer.csv")
        path.write_bytes(data)
        options = "all_varchar=true, header=true, delim=',', quote='\"', escape='\"', nullstr='', new_line='\\n'"
        options += ", allow_quoted_nulls=false, auto_detect=false, null_padding=false, max_line_size=20000000"
        header = next(csv.reader(io.StringIO(data.decode(), newline="")))
        types = ", ".join(f"'{name}': 'VARCHAR'" for name in header)
        relation = duckdb.sql(f"FROM read_csv('{path}', {options}, columns={{{types}}})")
        rows = relation.fetchall()
    return {name: [row[i] for row in rows] for i, name in enumerate(header)}


def read_csv(data, kinds):
    texts = csv_texts(data)
    assert list(texts) == list(kinds)
    plain = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))[1:]
    assert [[text or "" for text in row] for row in zip(*texts.values())] == [list(map(str, row)) for row in plain]

    def value(kind, text):
        if text is None:
            return None
        return from_json(kind, json.loads(text)) if isinstance(kind, tuple) else from_text(kind, text)

    return {name: [value(kind, text) for text in texts[name]] for name, kind in kinds.items()}


def from_arrow(kind, array):
    """The values of an Arrow array; the type must be the one that carries the kind exactly."""
    if isinstance(array, pa.ChunkedArray):
        return [value for chunk in array.chunks for value in from_arrow(kind, chunk)]
    type_ = array.type
    if isinstance(type_, pa.BaseExtensionType):
        return from_arrow(kind, array.storage)
    if pa.types.is_dictionary(type_):
        return from_arrow(kind, array.dictionary_decode())
    if pa.types.is_null(type_) or len(array) == 0:  # a column without values may have any type
        return [None] * len(array)
    if isinstance(kind, tuple):
        return [None if not scalar.is_valid else nested_value(kind, scalar) for scalar in array]
    if kind.startswith("timestamp"):
        unit = UNITS[type_.unit]
        return [None if v is None else v * unit for v in array.cast(pa.int64()).to_pylist()]
    if kind == "date":
        return array.cast(pa.int32()).to_pylist()
    if kind == "time" and pa.types.is_string(type_):  # of nanoseconds: as text, docs/parquet.md
        return [None if text is None else from_text(kind, text) for text in array.to_pylist()]
    if kind == "time":
        unit = UNITS[type_.unit]
        width = pa.int32() if pa.types.is_time32(type_) else pa.int64()
        return [None if v is None else v * unit // 1000 for v in array.cast(width).to_pylist()]
    values = array.to_pylist()
    if kind in ("double", "float"):
        return [None if v is None else canonical.from_float(kind, v) for v in values]
    if kind == "int" and pa.types.is_decimal(type_):
        assert type_.scale == 0
        return [None if v is None else int(v) for v in values]
    if kind == "interval":
        return [None if v is None else tuple(v) for v in values]
    return values


def nested_value(kind, scalar):
    if kind[0] == "list":
        return from_arrow(kind[1], scalar.values)
    if kind[0] == "struct":
        return [(key, from_arrow(child, pa.array([scalar[key].as_py()], scalar[key].type))[0])
                for key, child in kind[1]]  # fmt: skip
    return sorted(((key_text(key), key_text(value)) for key, value in scalar.as_py()), key=repr)


def read_table(table, kinds):
    assert table.column_names == list(kinds)
    table.validate()
    return {name: from_arrow(kind, table.column(name)) for name, kind in kinds.items()}


def read_arrow(data, kinds):
    with pyarrow.ipc.open_stream(data) as reader:
        return read_table(reader.read_all(), kinds)


def read_arrow_file(data, kinds):
    with pyarrow.ipc.open_file(data) as reader:
        return read_table(reader.read_all(), kinds)


def read_parquet(data, kinds):
    return read_table(pyarrow.parquet.read_table(pa.BufferReader(data)), kinds)


def polars_table(data, format_):
    """What polars reads, as an Arrow table (polars has its own readers of all three formats)."""
    read = {"arrow": polars.read_ipc_stream, "arrow_file": polars.read_ipc, "parquet": polars.read_parquet}[format_]
    return read(io.BytesIO(data)).to_arrow()


def duckdb_columns(data):
    """(kinds, columns) that DuckDB reads from a Parquet file."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "answer.parquet")
        path.write_bytes(data)
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return canonical.expected(connection, f"SELECT * FROM '{path}'")


READERS = {
    "json": read_json,
    "ndjson": read_ndjson,
    "csv": read_csv,
    "arrow": read_arrow,
    "arrow_file": read_arrow_file,
    "parquet": read_parquet,
}


def decoded(answer):
    """The body without its Content-Encoding."""
    encoding = answer.headers.get("content-encoding")
    if encoding == "gzip":
        return gzip.decompress(answer.body)
    if encoding == "zstd":
        with pa.input_stream(pa.BufferReader(answer.body), compression="zstd") as stream:
            return stream.read()
    assert encoding is None, encoding
    return answer.body


def check(answer, format_, kinds, columns):
    """The answer is complete, says what it is, and holds exactly these columns."""
    assert answer.status == 200, answer.body[:2000]
    assert answer.headers["content-type"].split(";")[0] == MEDIA_TYPES[format_]
    got = READERS[format_](decoded(answer), kinds)
    for name, values in columns.items():
        assert len(got[name]) == len(values), (name, len(got[name]), len(values))
        wrong = [(row, want, have) for row, (want, have) in enumerate(zip(values, got[name])) if want != have]
        assert not wrong, f"column {name} ({kinds[name]}), (row, expected, got): {wrong[:5]} of {len(wrong)}"
