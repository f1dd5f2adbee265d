"""One comparable form for the values of every format, and DuckDB's own answer in it.

The form, by kind of column:
  bool, int, text (also UUID, ENUM, BIT, JSON), blob → the Python value;  decimal → decimal.Decimal of its exact digits
  float → "nan" or (hexadecimal digits of the double), so that -0.0 differs from 0.0
  date → days since 1970;  time → µs;  timestamp → ns since 1970, whatever the unit;  interval → (months, days, ns)
  list → list;  struct → list of (name, value);  map → list of (key, value) pairs sorted by repr;  NULL → None
DuckDB's answer is fetched by SQL that computes this form inside DuckDB (`expected`); readers.py brings each format's
bytes into it. Kinds come from DuckDB's type of the column.
"""

import base64
import decimal
import re

import numpy

INTEGERS = {"tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint"}
DAY_NS = 86_400 * 10**9
decimal.getcontext().prec = 80


def kind_of(type_):
    """The kind of a DuckDB type; nested ones are tuples."""
    name = type_.id
    if name in INTEGERS:
        return "int"
    if name in ("double", "float"):
        return name
    if name in ("boolean", "decimal", "blob", "date", "time", "interval"):
        return name
    if name == "timestamp_ns":
        return "timestamp_ns"
    if name.startswith("timestamp"):
        return "timestamp"
    if name in ("list", "array"):
        return ("list", kind_of(dict(type_.children)["child"]))
    if name == "struct":
        return ("struct", [(key, kind_of(child)) for key, child in type_.children])
    if name == "map":
        children = dict(type_.children)
        return ("map", kind_of(children["key"]), kind_of(children["value"]))
    return "text"


def expression(kind, name):
    """SQL that computes the form of one value."""
    if isinstance(kind, tuple):
        if kind[0] == "list":
            return f"list_transform({name}, lambda x: {expression(kind[1], 'x')})"
        if kind[0] == "struct":
            parts = ", ".join(f'"{key}" := {expression(child, name + "." + quoted(key))}' for key, child in kind[1])
            return f"CASE WHEN {name} IS NULL THEN NULL ELSE struct_pack({parts}) END"
        pair = f"[{expression(kind[1], 'e.key')}::VARCHAR, {expression(kind[2], 'e.value')}::VARCHAR]"
        return f"list_transform(map_entries({name}), lambda e: {pair})"
    if kind == "date":
        return f"({name} - DATE '1970-01-01')"
    if kind == "time":
        return f"epoch_us({name})"
    if kind == "timestamp":
        return f"epoch_us({name}::TIMESTAMP)"
    if kind == "timestamp_ns":
        return f"epoch_ns({name})"
    if kind == "interval":
        months = f"datepart('year', {name}) * 12 + datepart('month', {name})"
        time = f"(datepart('hour', {name}) * 60 + datepart('minute', {name})) * 60000000"
        time += f" + datepart('microsecond', {name})"
        return f"CASE WHEN {name} IS NULL THEN NULL ELSE [{months}, datepart('day', {name}), {time}] END"
    return f"{name}::VARCHAR" if kind == "text" else name


def from_duckdb(kind, value):
    """Finishes what expression() began."""
    if value is None:
        return None
    if isinstance(kind, tuple):
        if kind[0] == "list":
            return [from_duckdb(kind[1], item) for item in value]
        if kind[0] == "struct":
            return [(key, from_duckdb(child, value[key])) for key, child in kind[1]]
        return sorted((tuple(pair) for pair in value), key=repr)
    if kind == "timestamp":
        return value * 1000
    if kind == "interval":
        return (value[0], value[1], value[2] * 1000)
    if kind in ("double", "float"):
        return from_float(kind, value)
    return value


def from_float(kind, value):
    if value != value:
        return "nan"
    return float(numpy.float32(value) if kind == "float" else value).hex()


def expected(connection, sql):
    """(kinds, columns) of a statement as DuckDB answers it; both by column name."""
    relation = connection.sql(sql)
    kinds = {name: kind_of(type_) for name, type_ in zip(relation.columns, relation.types)}
    parts = ", ".join(f'{expression(kind, quoted(name))} AS {quoted(name)}' for name, kind in kinds.items())
    rows = connection.execute(f"SELECT {parts} FROM ({sql})").fetchall()
    columns = {}
    for position, (name, kind) in enumerate(kinds.items()):
        columns[name] = [from_duckdb(kind, row[position]) for row in rows]
    return kinds, columns


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


# Text forms: json, ndjson and csv.

DATE = re.compile(r"([+-]?)(\d{4,})-(\d\d)-(\d\d)$")
TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?$")
INTERVAL = re.compile(
    r"P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?)(\d+)(?:\.(\d+))?S)?)?$")


def days(text):
    """Days since 1970 of a proleptic Gregorian date with any year."""
    sign, year, month, day = DATE.match(text).groups()
    assert (sign == "") == (len(year) == 4 and 0 <= int(sign + year) <= 9999), text
    year, month, day = int(sign + year), int(month), int(day)
    year -= month <= 2
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + day_of_year - 719_468


def time_ns(text):
    hour, minute, second, fraction = TIME.match(text).groups()
    return ((int(hour) * 60 + int(minute)) * 60 + int(second)) * 10**9 + int((fraction or "").ljust(9, "0"))


def interval(text):
    years, months, day, hours, minutes, sign, seconds, fraction = INTERVAL.match(text).groups()
    time = (int(hours or 0) * 60 + int(minutes or 0)) * 60 * 10**9
    part = int(seconds or 0) * 10**9 + int((fraction or "").ljust(9, "0"))
    return (int(years or 0) * 12 + int(months or 0), int(day or 0), time + (-part if sign else part))


def from_text(kind, text):
    """A value that its format writes as text."""
    if kind == "int":
        return int(text)
    if kind == "decimal":
        assert re.fullmatch(r"-?\d+(\.\d+)?", text), text
        return decimal.Decimal(text)
    if kind in ("double", "float"):
        return from_float(kind, float(text))
    if kind == "boolean":
        return {"true": True, "false": False}[text]
    if kind == "blob":
        return base64.b64decode(text, validate=True)
    if kind == "date":
        return days(text)
    if kind == "time":
        return time_ns(text) // 1000
    if kind.startswith("timestamp"):
        date, time = text.split("T")
        return days(date) * DAY_NS + time_ns(time.removesuffix("Z"))
    return interval(text) if kind == "interval" else text


def from_json(kind, value):
    """A value out of a JSON document; exact=… says that big numbers must be strings."""
    if value is None:
        return None
    if isinstance(kind, tuple):
        if kind[0] == "list":
            return [from_json(kind[1], item) for item in value]
        if kind[0] == "struct":
            assert list(value) == [key for key, _ in kind[1]], value
            return [(key, from_json(child, value[key])) for key, child in kind[1]]
        pairs = value.items() if isinstance(value, dict) else value
        texts = [(key_text(from_json(kind[1], k)), key_text(from_json(kind[2], v))) for k, v in pairs]
        return sorted(texts, key=repr)
    if isinstance(value, str):
        assert kind != "boolean" and not (kind in ("double", "float") and value not in NOT_FINITE), (kind, value)
        return from_text(kind, value)
    if kind == "int":
        assert isinstance(value, int) and abs(value) <= 2**53, f"{value!r} is not exact for a reader of doubles"
        return value
    if kind in ("double", "float"):
        return from_float(kind, value)
    assert kind == "boolean" and isinstance(value, bool), (kind, value)
    return value


NOT_FINITE = ("NaN", "Infinity", "-Infinity")


def key_text(value):
    return value if value is None else str(value)
