"""Random Parquet and Arrow files, by several writers, in every route against pyarrow.

CANVASBACK_RANDOM_FILES says how many (the default is a short form), CANVASBACK_RANDOM_SEED which.
"""

import decimal
import json
import os
import random
import struct

import duckdb
import parquet_footer
import polars
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from canonical import from_json
from readers import check, from_arrow

FILES = int(os.environ.get("CANVASBACK_RANDOM_FILES", "36"))
SEED = int(os.environ.get("CANVASBACK_RANDOM_SEED", "1"))
PER_SERVER = 36  # files of one server: they are started once for all of them
DAY_US = 86_400 * 10**6


def real(rng):
    return rng.choice([rng.uniform(-1e3, 1e3), rng.uniform(-1, 1) * 10 ** rng.randint(-300, 300), float("nan"),
                       float("inf"), -float("inf"), -0.0, 0.0, float(rng.randint(-5, 5))])  # fmt: skip


def single(rng):
    value = rng.choice([rng.uniform(-1e3, 1e3), float("nan"), float("inf"), -0.0, 1.5])
    return struct.unpack("<f", struct.pack("<f", value))[0]


def text(rng):
    words = ["", "a", "B", "é", "e\u0301", "日本", "x" * 70, "0", "00", "NULL", "a,b", '"', "\n", "zz\0z", "\U0001f9a6"]
    return rng.choice(words) + rng.choice(["", str(rng.randint(0, 30))])


def integer(bits, signed=True):
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return lambda rng: rng.choice([low, high, max(low, rng.randint(-9, 9)), rng.randint(low, high)])


def digits(width, scale):
    def make(rng):
        number = rng.choice([rng.randint(-99, 99), rng.randint(-(10**width) + 1, 10**width - 1)])
        return decimal.Decimal(number).scaleb(-scale, decimal.Context(prec=80))

    return make


# Kind of canonical.py, Arrow type, how a value is made.
KINDS = {
    "tiny": ("int", pa.int8(), integer(8)),
    "small": ("int", pa.int16(), integer(16)),
    "int": ("int", pa.int32(), integer(32)),
    "big": ("int", pa.int64(), integer(64)),
    "utiny": ("int", pa.uint8(), integer(8, False)),
    "uint": ("int", pa.uint32(), integer(32, False)),
    "ubig": ("int", pa.uint64(), integer(64, False)),
    "double": ("double", pa.float64(), real),
    "float": ("float", pa.float32(), single),
    "bool": ("boolean", pa.bool_(), lambda rng: rng.random() < 0.5),
    "text": ("text", pa.string(), text),
    "blob": ("blob", pa.binary(), lambda rng: rng.randbytes(rng.choice([0, 1, 5]))),
    "money": ("decimal", pa.decimal128(12, 2), digits(12, 2)),
    "wide": ("decimal", pa.decimal128(38, 10), digits(38, 10)),
    "date": ("date", pa.date32(), lambda rng: rng.randint(-719_162, 2_932_896)),
    "micros": ("timestamp", pa.timestamp("us"),
               lambda rng: rng.randint(-719_162, 2_932_896) * DAY_US + rng.randint(0, 9)),
    "zoned": ("timestamp", pa.timestamp("us", "UTC"), lambda rng: rng.randint(-(10**16), 10**16)),
    "millis": ("timestamp", pa.timestamp("ms"), lambda rng: rng.randint(-(10**13), 10**13)),
    "nanos": ("timestamp_ns", pa.timestamp("ns"), lambda rng: rng.randint(-(10**18), 10**18)),
    "time": ("time", pa.time64("us"), lambda rng: rng.randint(0, DAY_US - 1)),
}  # fmt: skip
SPLITTABLE = {"int", "big", "ubig", "double", "float", "money", "wide", "uint"}
MISTAKABLE = {"text", "blob", "wide", "money", "ubig", "uint", "double"}  # by their old bounds
DELTA = {"int", "big", "uint", "ubig"}


def make_table(rng):
    rows = rng.choice([0, 1, 7, 50, 300])
    names = rng.sample(sorted(KINDS), rng.randint(1, 7))
    columns = {"id": pa.array(range(rows), pa.int64())}
    for name in names:
        _, kind, make = KINDS[name]
        share, few = rng.choice([0, 0, 0.1, 0.9, 1]), rng.random() < 0.4
        pool = [make(rng) for _ in range(rng.choice([1, 4]) if few else max(rows, 1))]
        columns[name] = pa.array([None if rng.random() < share else rng.choice(pool) for _ in range(rows)], kind)
    return pa.table(columns)


def write_pyarrow(rng, table, path):
    encodings = {}
    dictionary = rng.random() < 0.5
    if not dictionary:
        for name in table.column_names:
            choices = ["PLAIN"]
            if name in SPLITTABLE or name == "id":
                choices.append("BYTE_STREAM_SPLIT")
            if name in DELTA or name == "id":
                choices.append("DELTA_BINARY_PACKED")
            if name in ("text", "blob"):
                choices += ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"]
            if name == "bool":
                choices.append("RLE")
            encodings[name] = rng.choice(choices)
    pq.write_table(table, path, compression=rng.choice(["none", "snappy", "gzip", "zstd", "lz4", "brotli"]),
                   use_dictionary=dictionary, column_encoding=encodings or None,
                   data_page_version=rng.choice(["1.0", "2.0"]), row_group_size=rng.choice([3, 64, 1000]),
                   data_page_size=rng.choice([64, 2**20]), write_statistics=rng.random() < 0.8,
                   write_page_index=rng.random() < 0.5, store_decimal_as_integer=rng.random() < 0.5,
                   write_page_checksum=rng.random() < 0.5,
                   use_deprecated_int96_timestamps=rng.random() < 0.1 and "micros" not in table.column_names
                   and "millis" not in table.column_names and "zoned" not in table.column_names)  # fmt: skip


def write_old(rng, table, path):
    """As a writer before 2017, with bounds in the order of signed bytes: nothing may be left out by them."""
    columns = ["id", *[name for name in table.column_names if name in MISTAKABLE]]
    pq.write_table(table.select(columns), path, row_group_size=rng.choice([3, 64]), store_schema=False)
    nan = struct.pack("<d", float("nan"))

    def bounds(name, low, high):
        return (nan, nan) if name == "double" else (low, high) if name == "id" else (high, low)

    parquet_footer.make_statistics_old(path, bounds)
    return table.select(columns)


def write_duckdb(rng, table, path):
    # Its dictionaries hold one zero, of the sign that came first.
    for place, name in enumerate(table.column_names):
        if name in ("double", "float"):
            column = table.column(name)
            zero = pa.scalar(0.0, column.type)
            table = table.set_column(place, name, pc.if_else(pc.equal(column, zero), zero, column))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("made", table)
        codec, version = rng.choice(["snappy", "zstd", "uncompressed", "lz4_raw"]), rng.choice(["V1", "V2"])
        connection.execute(f"COPY made TO '{path}' (FORMAT parquet, COMPRESSION {codec}, PARQUET_VERSION {version}, "
                           f"ROW_GROUP_SIZE 2048)")  # fmt: skip
    return table


def write_polars(rng, table, path):
    codec = rng.choice(["zstd", "snappy", "uncompressed", "gzip"])
    polars.from_arrow(table).write_parquet(path, compression=codec, row_group_size=rng.choice([None, 20]),
                                           statistics=rng.random() < 0.8)  # fmt: skip


def write_arrow(rng, table, path):
    columns = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        dice = rng.random()
        if name in ("text", "big", "money") and dice < 0.3:
            column = column.dictionary_encode()
        elif name == "text" and dice < 0.6:
            column = column.cast(rng.choice([pa.large_string(), pa.string_view()]))
        columns[name] = column
    made = pa.table(columns)
    opener = rng.choice([pa.ipc.new_file, pa.ipc.new_stream])
    options = pa.ipc.IpcWriteOptions(compression=rng.choice([None, "lz4", "zstd"]))
    with opener(path, made.schema, options=options) as writer:
        writer.write_table(made, max_chunksize=rng.choice([1, 50, 1000]))


WRITERS = [write_pyarrow, write_pyarrow, write_duckdb, write_polars, write_arrow, write_old]


class File:
    def __init__(self, number, folder):
        self.rng = random.Random(SEED * 1_000_003 + number)
        writer = self.rng.choice(WRITERS)
        table = make_table(self.rng)
        self.name = f"{writer.__name__}_{number}"
        self.path = folder / f"{self.name}.{'arrow' if writer is write_arrow else 'parquet'}"
        written = writer(self.rng, table, self.path)
        table = table if written is None else written  # an empty table counts as false
        self.kinds = {name: KINDS[name][0] if name in KINDS else "int" for name in table.column_names}
        self.columns = {name: from_arrow(kind, table[name]) for name, kind in self.kinds.items()}
        self.rows = list(zip(*self.columns.values()))


@pytest.fixture(scope="module")
def files(serve_module, tmp_path_factory):
    """number → (server, file); servers are started as they are needed, one at a time."""
    state = {}

    def find(number):
        block = number // PER_SERVER
        if state.get("block") != block:
            if "server" in state:
                state["server"].stop()
            folder = tmp_path_factory.mktemp("random")
            made = [File(i, folder) for i in range(block * PER_SERVER, min(FILES, (block + 1) * PER_SERVER))]
            server = serve_module(*[f"{file.name}={file.path}" for file in made])
            state.update(block=block, server=server, made={block * PER_SERVER + i: file for i, file in enumerate(made)})
        return state["server"], state["made"][number]

    return find


def order_of(kind, value):
    """A key by which the server orders values: NULL last, NaN above all numbers, texts by their bytes."""
    if value is None:
        return (1,)
    if kind in ("double", "float"):
        return (0, 1, 0.0) if value == "nan" else (0, 0, float.fromhex(value))
    return (0, value.encode() if kind == "text" else value)


def in_order(file, name, descending):
    kind = file.kinds[name]
    place = list(file.kinds).index(name)
    present = [row for row in file.rows if row[place] is not None]
    present.sort(key=lambda row: order_of(kind, row[place]), reverse=descending)
    if descending:  # equal ones stay in file order
        groups = {}
        for row in file.rows:
            if row[place] is not None:
                groups.setdefault(order_of(kind, row[place]), []).append(row)
        present = [row for key in sorted(groups, reverse=True) for row in groups[key]]
    return present + [row for row in file.rows if row[place] is None]


def decoded_rows(file, answer):
    assert answer.status == 200, answer.body
    document = answer.json()
    assert [column["name"] for column in document["columns"]] == list(file.kinds)
    kinds = list(file.kinds.values())
    return [tuple(from_json(kind, value) for kind, value in zip(kinds, row)) for row in document["rows"]], document


def shown(server, file, name):
    """The values of a column as the json format shows them, for filters: as a user copies them."""
    answer = server.rows(file.name, columns=json.dumps(name), limit=10_000)
    return [row[0] for row in answer.json()["rows"]]


@pytest.mark.parametrize("number", range(FILES))
def test_every_route_gives_the_same(files, number):
    server, file = files(number)
    rng = file.rng
    rows, document = decoded_rows(file, server.rows(file.name, limit=10_000))
    assert rows == file.rows
    assert (document["total_rows"], document["total_exact"]) == (len(file.rows), True)
    for name in rng.sample(list(file.kinds), min(2, len(file.kinds))):
        descending = rng.random() < 0.5
        sort = ("-" if descending else "") + json.dumps(name)
        wanted = in_order(file, name, descending)
        assert decoded_rows(file, server.rows(file.name, sort=sort, limit=10_000))[0] == wanted, sort
        check_pages(server, file, sort, wanted, rng.choice([1, 10, 100]) if len(wanted) < 60 else 100)
    check_sql(server, file)
    profile = server.get(f"/api/v1/datasets/{file.name}/profile")
    assert profile.status == 200, profile.body
    for column in profile.json()["columns"]:
        values = file.columns[column["name"]]
        assert (column["count"] + column["nulls"], column["nulls"]) == (len(values), values.count(None)), column["name"]
    for format_ in rng.sample(["json", "ndjson", "csv", "arrow", "arrow_file", "parquet"], 2):
        check(server.rows(file.name, format=format_), format_, file.kinds, file.columns)
        check(server.rows(file.name, format=format_, sort="id"), format_, file.kinds, file.columns)


def check_pages(server, file, sort, wanted, size):
    rows, after = [], None
    while True:
        some, document = decoded_rows(file, server.rows(file.name, sort=sort, limit=size, after=after))
        rows += some
        after = document["next"]
        assert len(rows) <= len(wanted), "the pages do not end"
        if after is None:
            break
    assert rows == wanted


def check_sql(server, file):
    parts = ["count(*)"]
    wanted = [len(file.rows)]
    for name, kind in file.kinds.items():
        values = [value for value in file.columns[name] if value is not None]
        parts += [f'count("{name}")', f'count(DISTINCT "{name}")']
        wanted += [len(values), len({order_of(kind, value) for value in values})]
    answer = server.sql(f'SELECT {", ".join(parts)} FROM "{file.name}"')
    assert answer.status == 200, answer.body
    assert answer.json()["rows"] == [wanted]


OPERATORS = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
}


def holds(kind, op, left, right):
    if left is None:
        return op == "ne"
    return OPERATORS[op](order_of(kind, left), right)


@pytest.mark.parametrize("number", range(FILES))
def test_filters_are_exact(files, number):
    """Operators on values of the file, and on NaN, against Python."""
    server, file = files(number)
    if not file.rows:
        return
    rng = random.Random(SEED * 7_000_003 + number)
    for _ in range(6):
        name = rng.choice(list(file.kinds))
        kind = file.kinds[name]
        texts = shown(server, file, name)
        at = rng.randrange(len(file.rows))
        value, wanted_value = texts[at], file.columns[name][at]
        if kind in ("double", "float") and rng.random() < 0.3:
            value, wanted_value = "NaN", "nan"
        if value is None:
            continue
        op = rng.choice(sorted(OPERATORS))
        right = order_of(kind, wanted_value)
        wanted = [i for i, left in enumerate(file.columns[name]) if holds(kind, op, left, right)]
        condition = {name: {"op": op, "value": value}}
        if rng.random() < 0.3:
            condition = {"not": condition}
            wanted = [i for i in range(len(file.rows)) if i not in set(wanted)]
        answer = server.rows(file.name, columns="id", filter=json.dumps(condition), limit=10_000)
        assert answer.status == 200, (condition, answer.body)
        assert [int(row[0]) for row in answer.json()["rows"]] == wanted, condition
