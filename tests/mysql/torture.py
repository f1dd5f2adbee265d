"""Tables of every type of MySQL at its limits, what two other readers say of their values, and the comparison with what
we read. PyMySQL gives each value as the text that the server sends; mysql-connector reads the binary protocol.
"""

import datetime
import decimal
import pathlib
import struct
from collections.abc import Callable

import pyarrow as pa
import pyarrow.ipc
import pymysql
import pymysql.converters

# Each table: its columns, and rows as SQL. The session that inserts allows what old servers let in.
SQL_MODE = "ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO"
SHAPES = ("geom", "point", "linestring", "polygon", "multi")
# What the text protocol rounds: FLOAT, and DOUBLE with declared digits.
ROUNDED = ("float", "double(")
INTEGERS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}


def integer_table() -> tuple[list[str], list[list[str]]]:
    columns, low, high, other = [], [], [], []
    for name, bits in INTEGERS.items():
        columns += [f"{name}_signed {name}", f"{name}_unsigned {name} unsigned", f"{name}_zeros {name}(20) zerofill"]
        low += [str(-(2 ** (bits - 1))), "0", "0"]
        high += [str(2 ** (bits - 1) - 1), str(2**bits - 1), str(2**bits - 1)]
        other += ["-1", "1", "42"]
    columns += ["flag tinyint(1)", "not_null int not null"]
    return columns, [low + ["2", "1"], high + ["-3", "2"], other + ["NULL", "3"], ["NULL"] * len(low) + ["0", "-7"]]


def decimal_table() -> tuple[list[str], list[list[str]]]:
    shapes = [(1, 0), (9, 9), (12, 2), (18, 0), (19, 4), (30, 30), (38, 10), (38, 38 - 8), (39, 1), (65, 0), (65, 30)]
    columns = [f"d{p}_{s} decimal({p},{s})" for p, s in shapes] + ["money decimal(12,2) unsigned", "plain decimal"]
    high = ["9" * (p - s) + "." + "9" * s for p, s in shapes]
    small = ["0." + "0" * (s - 1) + "1" if s else "1" for _, s in shapes]
    return columns, [
        high + ["9999999999.99", "9999999999"],
        ["-" + value for value in high] + ["0.01", "-1"],
        small + ["0", "0"],
        ["-" + value for value in small] + ["1.10", "NULL"],
        ["0"] * len(shapes) + ["NULL", "123"],
        ["NULL"] * (len(shapes) + 2),
    ]


def floating_table() -> tuple[list[str], list[list[str]]]:
    columns = ["f float", "g float(7,3)", "d double", "e double(16,4)", "u double unsigned"]
    return columns, [
        ["16777216", "1234.567", "0.1", "0.1", "0"],
        ["16777217", "-0.001", "1.7976931348623157e308", "123456789012.3456", "1e300"],
        ["3.4028234e38", "9999.999", "-1.7976931348623157e308", "-0.0001", "5e-324"],
        ["-3.4028234e38", "0", "2.2250738585072014e-308", "1", "0.30000000000000004"],
        ["1.17549435e-38", "0.1", "5e-324", "2", "1"],
        ["0.1", "1", "-0.0e0", "3", "9007199254740993"],
        ["1.0000001", "0.125", "123456789.12345678", "4", "2"],
        ["NULL"] * 5,
    ]


def bit_table() -> tuple[list[str], list[list[str]]]:
    columns = [f"b{n} bit({n})" for n in range(1, 65)]
    return columns, [
        [f"b'{'1' * n}'" for n in range(1, 65)],
        ["b'0'"] * 64,
        [f"b'1{'0' * (n - 1)}'" for n in range(1, 65)],
        ["NULL"] * 64,
    ]


def time_table() -> tuple[list[str], list[list[str]]]:
    columns = ["d date", "d_not_null date not null", "y year", "dt datetime", "dt3 datetime(3)", "dt6 datetime(6)",
               "ts timestamp null default null", "ts6 timestamp(6) null default null", "t time", "t3 time(3)",
               "t6 time(6)"]  # fmt: skip
    rows = [
        ["1000-01-01", "9999-12-31", "1901", "1000-01-01 00:00:00", "9999-12-31 23:59:59.999",
         "9999-12-31 23:59:59.999999", "1970-01-01 00:00:01", "2038-01-19 03:14:07.999999", "-838:59:59",
         "838:59:58.999", "-838:59:58.999999"],
        ["0000-00-00", "0000-00-00", "0000", "0000-00-00 00:00:00", "0000-00-00 00:00:00", "0000-00-00 00:00:00",
         "0000-00-00 00:00:00", "0000-00-00 00:00:00", "838:59:59", "-00:00:00.001", "-00:00:00.000001"],
        ["2024-00-00", "2024-05-00", "2155", "2024-00-10 01:02:03", "2024-02-30 00:00:00.5", "2023-02-29 12:00:00",
         "2024-02-29 23:59:59", "2024-02-29 23:59:59.000001", "00:00:00", "00:00:00", "00:00:00"],
        ["1970-01-01", "1969-12-31", "2024", "1969-12-31 23:59:59", "1970-01-01 00:00:00.001",
         "1969-12-31 23:59:59.999999", "2001-09-09 01:46:40", "2001-09-09 01:46:40.5", "-00:00:01", "99:59:59.999",
         "100:00:00.000001"],
        ["2024-02-31", "2024-12-31", "1970", "0000-05-05 01:02:03", "2024-05-06 07:08:09.123",
         "2024-05-06 07:08:09.123456", "2024-05-06 07:08:09", "2024-05-06 07:08:09.123456", "12:34:56", "12:34:56.789",
         "12:34:56.789012"],
    ]  # fmt: skip
    nulls = ["NULL", "'2000-01-01'"] + ["NULL"] * 9
    return columns, [[f"'{value}'" for value in row] for row in rows] + [nulls]


def text_table(kind: str) -> tuple[list[str], list[list[str]]]:
    columns = ["c char(10)", "v varchar(255)", "v4 varchar(100) character set utf8mb4",
               "l varchar(50) character set latin1", "k varchar(50) character set koi8r",
               "u16 varchar(20) character set utf16", "a varchar(20) character set ascii",
               "t tinytext", "x text", "m mediumtext", "n longtext", "e enum('a','b','ü','it''s, \"x\" (1)')",
               "s set('x','y','z','é')", "j json", "bin binary(8)", "vb varbinary(255)", "tb tinyblob", "bl blob",
               "mb mediumblob", "lb longblob"]  # fmt: skip
    long = "REPEAT('long é ', 20000)"
    return columns, [
        ["'ab  '", "'it''s é'", "'😀 ü 漢字'", "'é ÿ €'", "'жизнь'", "'漢é'", "'plain'", "'t'", "REPEAT('x', 251)",
         "REPEAT('m', 70000)", long, "'a'", "'x,z'", "'{\"b\": [1, 2.50, null], \"a\": \"é😀\"}'", "x'00ff'",
         "x'00010203fffe'", "x'27'", "REPEAT(x'ff00', 200)", "REPEAT(x'0a', 70000)", "x'e4'"],
        ["''"] * 11 + ["''", "''", "'[]'", "''", "''", "''", "''", "''", "''"],
        ["'x'", "'  both  '", "'\\0nul\\n\\r\\t\\\\'", "'£'", "'Ё'", "'a'", "'~'", "REPEAT('é', 125)",
         "REPEAT('é', 300)",
         "'m'", "'n'", "'it''s, \"x\" (1)'", "'é,x'", "'\"text\"'", "'12345678'", "REPEAT(x'80', 255)",
         "REPEAT(x'41', 250)", "REPEAT(x'42', 251)", "REPEAT(x'43', 65536)", "x'00'"],
        ["'y'", "REPEAT('é', 255)", "REPEAT('😀', 100)", "REPEAT('é', 50)", "'k'", "'😀'", "'b'", "'t'", "'x'", "'m'",
         "'n'", "'ü'", "'x,y,z,é'", "'1e400'" if kind == "mariadb" else "'1e40'", "x'ff'", "x'ff'", "x'fe'", "x'fb'",
         "x'fc'",
         "x'fd'"],
        ["NULL"] * 20,
    ]  # fmt: skip


def spatial_table() -> tuple[list[str], list[list[str]]]:
    columns = ["g geometry", "p point", "l linestring", "y polygon", "mp multipoint", "c geometrycollection"]
    return columns, [
        ["ST_GeomFromText('POINT(1 2)')", "ST_GeomFromText('POINT(-1.5 2.25)')",
         "ST_GeomFromText('LINESTRING(0 0,1 1)')",
         "ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))')", "ST_GeomFromText('MULTIPOINT(0 0,1 1)')",
         "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(0 0))')"],
        ["ST_GeomFromText('POINT(1 2)', 4326)", "NULL", "NULL", "NULL", "NULL", "NULL"],
    ]  # fmt: skip


def generated_table() -> tuple[list[str], list[list[str]]]:
    columns = ["a int", "b int as (a + 1) virtual", "s int as (a * 2) stored",
               "txt varchar(20) as (concat('n', a)) virtual"]  # fmt: skip
    return columns, [["1", "DEFAULT", "DEFAULT", "DEFAULT"], ["NULL", "DEFAULT", "DEFAULT", "DEFAULT"]]


def mariadb_table() -> tuple[list[str], list[list[str]]]:
    columns = ["u uuid", "i4 inet4", "i6 inet6", "hidden int invisible default 7"]
    return columns, [["'123e4567-e89b-12d3-a456-426655440000'", "'10.0.0.1'", "'2001:db8::ff00:42:8329'", "8"],
                     ["NULL", "NULL", "NULL", "DEFAULT"]]  # fmt: skip


def tables_of(kind: str) -> dict[str, tuple[list[str], list[list[str]]]]:
    tables = {"integers": integer_table(), "decimals": decimal_table(), "floats": floating_table(),
              "bits": bit_table(), "times": time_table(), "texts": text_table(kind), "shapes": spatial_table(),
              "made": generated_table()}  # fmt: skip
    if kind == "mariadb":
        tables["special"] = mariadb_table()
    return tables


def create(connection: pymysql.connections.Connection, kind: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION sql_mode = '{SQL_MODE}', time_zone = '+00:00'")
        for name, (columns, rows) in tables_of(kind).items():
            cursor.execute(f"CREATE TABLE {name} (id INT PRIMARY KEY AUTO_INCREMENT, {', '.join(columns)})")
            names = ", ".join(column.split()[0] for column in columns)
            for row in rows:
                cursor.execute(f"INSERT INTO {name} ({names}) VALUES ({', '.join(row)})")
        # The value '' of an ENUM that was given none of its own.
        cursor.execute("INSERT INTO texts (e) VALUES ('not one of them')")
    return list(tables_of(kind))


# --- Values as MySQL's text ------------------------------------------------------------------------------------------


def days_to_date(days: int) -> str:
    """Years from 0, which Python's dates do not reach."""
    shift = 400 * 366 if days < -700_000 else 0
    cycles = -(-shift // 146_097)
    date = datetime.date(1970, 1, 1) + datetime.timedelta(days=days + cycles * 146_097)
    return f"{date.year - cycles * 400:04d}-{date.month:02d}-{date.day:02d}"


def moment_text(microseconds: int, digits: int) -> str:
    days, rest = divmod(microseconds, 86_400_000_000)
    seconds, fraction = divmod(rest, 1_000_000)
    text = f"{days_to_date(days)} {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return text + (f".{fraction:06d}"[: digits + 1] if digits else "")


def plain_values(column: pa.ChunkedArray) -> list[object]:
    """Numbers for times, so that no Python type stands between."""
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    elif pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return column.to_pylist()


def our_text(value: object, arrow_type: pa.DataType, declared: str) -> object:
    """Our value in the form in which PyMySQL has the server's: str, or bytes of binary types, floats as numbers."""
    if value is None:
        return None
    if pa.types.is_date32(arrow_type):
        return days_to_date(value)
    if pa.types.is_timestamp(arrow_type):
        return moment_text(value, int(declared.partition("(")[2].rstrip(")") or 0))
    if pa.types.is_decimal(arrow_type):
        return f"{value:f}"
    if declared.startswith("bit"):
        return int(value)
    if declared.startswith("year"):
        return f"{value:04d}"
    if isinstance(value, float | bytes):
        return value
    return str(value)


def is_impossible_date(text: str) -> bool:
    year, month, day = (int(part) for part in text[:10].split("-"))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return not (1 <= month <= 12 and 1 <= day <= lengths[month - 1])


def their_text(value: object, declared: str) -> object:
    """The server's text, with what has no form of ours as None."""
    if value is None:
        return None
    if declared.startswith("bit"):
        return int.from_bytes(value, "big")
    if declared.startswith(("date", "timestamp")):
        text = value if isinstance(value, str) else value.decode()
        return None if is_impossible_date(text) else text
    if declared.startswith(("float", "double")):
        return float(value)
    if declared.startswith(SHAPES):
        return value[4:]  # behind its SRID
    if "int" in declared.split("(")[0]:
        return str(int(value))  # ZEROFILL is how it is shown
    if declared.startswith(("binary", "varbinary")) or "blob" in declared:
        return value if isinstance(value, bytes) else value.encode()
    return value.decode() if isinstance(value, bytes) else value


def columns_of(connection: pymysql.connections.Connection, table: str) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name, column_type FROM information_schema.columns WHERE table_schema = 'shop' "
                       "AND table_name = %s ORDER BY ordinal_position", (table,))  # fmt: skip
        return {name: declared.decode() if isinstance(declared, bytes) else declared for name, declared in cursor}


def selection(columns: dict[str, str]) -> str:
    """What would lose digits as text, as a DOUBLE of the same value."""
    return ", ".join(f"`{name}` + 0e0" if declared.startswith(ROUNDED) else f"`{name}`"
                     for name, declared in columns.items())  # fmt: skip


def theirs(connection: pymysql.connections.Connection, table: str, columns: dict[str, str]) -> list[tuple[object, ...]]:
    raw = pymysql.connections.Connection(host=connection.host, port=connection.port, user="admin", database="shop",
                                         password=connection.password, charset="utf8mb4",
                                         conv=pymysql.converters.encoders)  # fmt: skip
    with raw, raw.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = '+00:00'")
        cursor.execute(f"SELECT {selection(columns)} FROM {table} ORDER BY id")
        return list(cursor.fetchall())


def compare(folder: pathlib.Path, suffix: str, connection: pymysql.connections.Connection, table: str) -> int:
    """Fails with the first value that differs; how many were compared."""
    columns = columns_of(connection, table)
    with pa.memory_map(str(folder / f"{table}{suffix}.arrow")) as source:
        ours = pa.ipc.open_file(source).read_all()
    order = ours.column("id").to_pylist()
    assert order == sorted(order)
    if suffix != ".text":
        assert ours.column_names == list(columns)
    rows = theirs(connection, table, columns)
    assert ours.num_rows == len(rows)
    compared = 0
    for index, (name, declared) in enumerate(columns.items()):
        if name not in ours.column_names:
            assert declared.startswith(ROUNDED) and suffix == ".text"
            continue
        column = ours.column(name)
        expected = [their_text(row[index], declared) for row in rows]
        found = [our_text(value, column.type, declared) for value in plain_values(column)]
        if declared.startswith("float"):
            expected = [None if value is None else struct.unpack("f", struct.pack("f", value))[0] for value in expected]
        assert found == expected, f"{table}.{name} ({declared}): {found} where {expected} is expected"
        compared += len(found)
    return compared


def impossible_dates(connection: pymysql.connections.Connection, table: str) -> dict[str, int]:
    columns = columns_of(connection, table)
    rows = theirs(connection, table, columns)
    return {name: sum(row[index] is not None and their_text(row[index], declared) is None for row in rows)
            for index, (name, declared) in enumerate(columns.items())}  # fmt: skip


# --- mysql-connector, by the binary protocol -------------------------------------------------------------------------


def as_python(arrow_type: pa.DataType, declared: str) -> Callable[[object], object]:
    """How our values look there."""
    if declared.startswith("bit"):
        return int
    if pa.types.is_decimal(arrow_type):
        return decimal.Decimal
    return lambda value: value


def compare_binary(folder: pathlib.Path, port: int, password: str, connection: pymysql.connections.Connection,
                   table: str) -> int:  # fmt: skip
    """Numbers, texts and bytes; its own times have no zero and partial dates."""
    import mysql.connector

    others = ("date", "time", *SHAPES, "set", "bit", "year", "uuid", "inet", "json")
    columns = {name: declared for name, declared in columns_of(connection, table).items()
               if not declared.startswith(others)}  # fmt: skip
    with pa.memory_map(str(folder / f"{table}.arrow")) as source:
        ours = pa.ipc.open_file(source).read_all()
    with mysql.connector.connect(host="127.0.0.1", port=port, user="admin", password=password, database="shop",
                                 use_pure=True, charset="utf8mb4") as other:  # fmt: skip
        cursor = other.cursor(prepared=True)
        cursor.execute(f"SELECT {', '.join(f'`{name}`' for name in columns)} FROM {table} ORDER BY id")
        rows = cursor.fetchall()
    compared = 0
    for index, (name, declared) in enumerate(columns.items()):
        convert = as_python(ours.column(name).type, declared)
        found = [None if value is None else convert(value) for value in ours.column(name).to_pylist()]
        expected = [bytes(row[index]) if isinstance(row[index], bytearray) else row[index] for row in rows]
        if found and isinstance(next((value for value in found if value is not None), None), bytes):
            expected = [value.encode() if isinstance(value, str) else value for value in expected]
        assert found == expected, f"{table}.{name} ({declared}): {found} where {expected} is expected"
        compared += len(found)
    return compared
