"""Random tables as Parquet files, and what a workbook of each must hold: the property test of xlsx.

write_case(seed, path) makes a table whose schema, sizes and values the seed decides; check_case(seed, data) makes it
again, reads the workbook with the strict reader and compares every cell and every note.
"""

import base64
import decimal
import math
import random

import pyarrow as pa
import pyarrow.parquet
import xlsx_model
from xlsx_reader import Workbook

UNIT_NS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
CHARACTERS = ["a", "B", " ", "\t", "\n", "\r", "&", "<", ">", '"', "'", "_", "x", "0", "_x0041_", "_x", "é", "ß", "日",
              "😀", "\0", "\1", "\x1f", "\x7f", "\ufffd", "\uffff", "\ufffe", "=", "\u2028"]  # fmt: skip


def any_text(rng):
    style = rng.random()
    if style < 0.4:
        return f"word {rng.randrange(20)}"
    if style < 0.7:
        return str(rng.getrandbits(40))
    if style < 0.97:
        return "".join(rng.choices(CHARACTERS, k=rng.randrange(12)))
    return rng.choice(["x", "é", "😀", "\0", "&"]) * rng.choice([100, 16_383, 16_384, 32_766, 32_767, 32_768, 40_000])


def any_integer(rng, low, high):
    return rng.choice([low, high, 0, rng.randint(low, high), max(low, min(high, rng.randint(-10**16, 10**16))),
                       max(low, min(high, rng.choice([10**15, 10**15 - 1, 1 - 10**15, -10**15])))])  # fmt: skip


def any_float(rng):
    return rng.choice([
        0.0, -0.0, 0.1, 1.0, 1e15, 1e16, 1e-4, 1e-5, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
        float("nan"), float("inf"), float("-inf"), rng.random(), round(rng.uniform(-1e6, 1e6), 2),
        rng.uniform(-1, 1) * 10.0 ** rng.randint(-300, 300),
    ])  # fmt: skip


def any_decimal(rng, precision, scale):
    digits = rng.randrange(10 ** rng.randint(1, precision)) * rng.choice([1, -1])
    if rng.random() < 0.3:
        digits -= digits % 10**scale if digits >= 0 else -(-digits % 10**scale)
    return decimal.Decimal(digits).scaleb(-scale)


def instant(rng, unit):
    """A number of units since 1970, often near where Excel's calendar ends or its numbers get coarse."""
    day = rng.choice([0, -25_508, -25_509, 2_932_896, 2_932_897, 39_967, 39_966, rng.randint(-30_000, 60_000),
                      rng.randint(-700_000, 2_950_000)])  # fmt: skip
    if unit == "ns":
        day = max(-106_000, min(106_000, day))
    parts = rng.choice([0, 1, 86_399, rng.random() * 86_400])
    per_day = 86_400 * 10**9 // UNIT_NS[unit]
    return day * per_day + min(per_day - 1, int(parts * 10**9) // UNIT_NS[unit])


def any_column(rng):
    """(Arrow type, function that makes a value, kind of the model, ns of a unit)."""
    whole = rng.choice([pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(),
                        pa.uint64()])  # fmt: skip
    bits, signed = whole.bit_width, pa.types.is_signed_integer(whole)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    precision = rng.randint(1, 38)
    scale = rng.randint(0, precision)
    clock = rng.choice(["ms", "us"])
    zone = rng.choice([None, None, "UTC"])
    unit = rng.choice(["ms", "us", "ns"] if zone is None else ["ms", "us"])  # the engine's instants are microseconds
    units_per_day = 86_400 * 10**9 // UNIT_NS[clock]
    return rng.choice([
        (whole, lambda: any_integer(rng, low, high), "int", 1),
        (pa.float64(), lambda: any_float(rng), "double", 1),
        (pa.float32(), lambda: rng.choice([0.0, -0.0, 0.5, math.nan, math.inf, rng.uniform(-1e6, 1e6)]), "float", 1),
        (pa.decimal128(precision, scale), lambda: any_decimal(rng, precision, scale), "decimal", 1),
        (pa.bool_(), lambda: rng.random() < 0.5, "bool", 1),
        (pa.string(), lambda: any_text(rng), "text", 1),
        (pa.string(), lambda: f"word {rng.randrange(20)}", "text", 1),
        (pa.string(), lambda: any_text(rng), "text", 1),
        (pa.date32(), lambda: instant(rng, "s") // 86_400, "date", 1),
        (pa.timestamp(unit, zone), lambda: instant(rng, unit), "timestamp", UNIT_NS[unit]),
        ((pa.time32 if clock == "ms" else pa.time64)(clock),
         lambda: rng.choice([0, 1, units_per_day - 1, rng.randrange(units_per_day)]), "time", UNIT_NS[clock]),
        (pa.binary(), lambda: rng.randbytes(rng.randrange(9)), lambda value: base64.b64encode(value).decode(), 1),
    ])  # fmt: skip


def as_array(values, type_):
    if pa.types.is_date(type_):
        return pa.array(values, pa.int32()).cast(type_)
    if pa.types.is_timestamp(type_):
        return pa.array(values, pa.int64()).cast(pa.timestamp(type_.unit)).cast(type_) if type_.tz is None else \
            pa.array(values, pa.int64()).view(type_)  # fmt: skip
    if pa.types.is_time(type_):
        return pa.array(values, pa.int32() if pa.types.is_time32(type_) else pa.int64()).cast(type_)
    return pa.array(values, type_)


def make_case(seed):
    """(table, [(header, values, kind, ns of a unit)])."""
    rng = random.Random(seed)
    count = rng.choice([0, 1, 2, 30, rng.randrange(400), rng.randrange(3000)])
    arrays, names, columns = [], [], []
    for i in range(rng.choice([1, 2, 5, rng.randint(1, 40)])):
        type_, value, kind, unit_ns = any_column(rng)
        nulls = rng.choice([0, 0, 0.1, 0.9, 1])
        values = [None if rng.random() < nulls else value() for _ in range(count)]
        name = f"c{i} " + "".join(rng.choices(["a", "é", "<&>", "_x0041_", '"', "日"], k=rng.randrange(3)))
        name = name.strip()
        arrays.append(as_array(values, type_))
        names.append(name)
        if kind == "float":
            values = [None if v is None else float(pa.scalar(v, pa.float32()).as_py()) for v in values]
        zoned = pa.types.is_timestamp(type_) and type_.tz is not None
        columns.append((name + (" (UTC)" if zoned else ""), values, kind, unit_ns))
    return pa.table(arrays, names), columns


def write_case(seed, path):
    table, _ = make_case(seed)
    rng = random.Random(seed + 1)
    pyarrow.parquet.write_table(table, path, row_group_size=rng.choice([1 << 20, 100, 7 * 64]))


def check_case(seed, data):
    """Returns how many cells were compared."""
    table, columns = make_case(seed)
    with Workbook(data) as workbook:
        header, rows = workbook.table()
        assert header == [name for name, *_ in columns]
        assert len(rows) == table.num_rows
        wanted = {}
        for i, (name, values, kind, unit_ns) in enumerate(columns):
            notes = xlsx_model.check_column(kind, values, [row[i] for row in rows], unit_ns)
            wanted[name] = notes
        xlsx_model.check_notes(workbook.notes(), wanted)
    return table.num_rows * table.num_columns
