"""The hard table: one SELECT that DuckDB and the server both run, with the values that data servers get wrong."""


def text_literal(text):
    """SQL for a text; a zero byte cannot be written in SQL."""
    parts = ["'" + part.replace("'", "''") + "'" for part in text.split("\0")]
    return "(" + " || chr(0) || ".join(parts) + ")"


TEXTS = [
    "", " ", "a", "NULL", "null", "NaN", "0123", "1e5", "a,b;c\td", 'say "hi"', "'single'", "back\\slash",
    "line\nbreak",
    "carriage\r\nreturn", "\r", "\n", "\t", '"', '""', ",", " both ends ", "zero\0byte",
    "".join(map(chr, range(1, 32))) + "\x7f", "\x80\x9f\xa0\xad", "ÀÉÎõü ß ſ ı İ", "日本語 中文 한국어", "עברית العربية",
    "\u2028\u2029\ufeff\ufffd\uffff", "😀👩‍👩‍👧‍👦🇸🇪", "𐍈𝔘𠮷", "\U0001fffe\U000e0001\U000f0000\U0010ffff",
    "e\u0301 = é", "<script>&amp;</script>", "=1+1", "{\"a\": [1]}", "x" * 5000,
]  # fmt: skip

# Column: (SQL type, SQL literals). The lengths differ, so that the columns do not move in step.
COLUMNS = {
    "tiny": ("TINYINT", ["-128", "0", "127", "NULL"]),
    "utiny": ("UTINYINT", ["0", "255", "NULL"]),
    "small": ("SMALLINT", ["-32768", "32767", "NULL", "0", "1"]),
    "uinteger": ("UINTEGER", ["0", "4294967295", "NULL"]),
    "big": ("BIGINT", [
        "0", "-1", "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740992",
        "-9007199254740993", "9223372036854775807", "-9223372036854775808", "NULL", "1234567890123456789",
    ]),
    "ubig": ("UBIGINT", ["0", "18446744073709551615", "9223372036854775808", "9007199254740993", "NULL"]),
    "huge": ("HUGEINT", [
        "0", "-1", "170141183460469231731687303715884105727", "-170141183460469231731687303715884105727", "NULL",
        "18446744073709551616", "-18446744073709551616", "99999999999999999999999999999999999999",
    ]),
    "uhuge": ("UHUGEINT", ["0", "340282366920938463463374607431768211455", "NULL"]),
    "money": ("DECIMAL(12,2)", ["0.00", "-0.01", "9999999999.99", "-9999999999.99", "NULL", "0.10"]),
    "fine": ("DECIMAL(38,10)", [
        "0", "0.0000000001", "-0.0000000001", "9999999999999999999999999999.9999999999",
        "-9999999999999999999999999999.9999999999", "NULL", "1.1",
    ]),
    "short": ("DECIMAL(4,4)", ["0.1234", "-0.9999", "NULL"]),
    "whole": ("DECIMAL(18,0)", ["999999999999999999", "-1", "NULL"]),
    "real": ("DOUBLE", [
        "0.0", "'-0.0'", "'NaN'", "'Infinity'", "'-Infinity'", "0.1", "1e308", "5e-324", "-2.2250738585072014e-308",
        "NULL", "9007199254740993", "123456789.123456789", "1e16", "1e22", "3.0",
    ]),
    "single": ("FLOAT", ["0.1", "'-0.0'", "'NaN'", "'Infinity'", "3.4028235e38", "1e-45", "NULL", "16777217"]),
    "flag": ("BOOLEAN", ["true", "false", "NULL"]),
    "words": ("VARCHAR", [*map(text_literal, TEXTS), "NULL"]),
    "bytes": ("BLOB", ["''::BLOB", "'\\x00\\xFF\\x80'::BLOB", "'abc'::BLOB", "NULL", "'\\x22\\x2C\\x0A'::BLOB"]),
    "day": ("DATE", [
        "'1970-01-01'", "'1969-12-31'", "'0001-01-01'", "'9999-12-31'", "'1600-02-29'", "'1582-10-10'", "NULL",
        "'2024-02-29'", "'5874897-12-31'", "'0044-03-15 (BC)'", "'10000-01-01'",
    ]),
    "clock": ("TIME", ["'00:00:00'", "'23:59:59.999999'", "NULL", "'12:30:00.5'"]),
    "at_s": ("TIMESTAMP_S", ["'1969-12-31 23:59:59'", "NULL", "'9999-12-31 23:59:59'", "'0001-01-01'"]),
    "at_ms": ("TIMESTAMP_MS", ["'1969-12-31 23:59:59.999'", "NULL", "'9999-12-31 23:59:59.999'", "'0001-01-01'"]),
    "moment": ("TIMESTAMP", [
        "'1970-01-01'", "'1969-12-31 23:59:59.999999'", "'0001-01-01 00:00:00.000001'", "NULL", "'2024-02-29 12:00'",
        "'9999-12-31 23:59:59.999999'", "'294247-01-10 04:00:54.775806'", "'1900-01-01 00:00:00.1'",
    ]),
    "at_ns": ("TIMESTAMP_NS", [
        "'1969-12-31 23:59:59.999999999'", "'1677-09-22 00:00:00'", "'2262-04-11 23:47:16.854775806'", "NULL",
        "'2024-01-01 00:00:00.000000001'",
    ]),
    "instant": ("TIMESTAMPTZ", [
        "'1970-01-01 00:00:00+00'", "'1969-12-31 23:59:59.5+05:30'", "NULL", "'2024-03-10 02:30:00-08'",
        "'0001-01-01 00:00:00+00'", "'9999-12-31 23:59:59.999999+00'",
    ]),
    "span": ("INTERVAL", [
        "INTERVAL 0 DAY", "INTERVAL '14 months 3 days 1 microsecond'", "INTERVAL '-14 months -3 days'", "NULL",
        "INTERVAL '1000000 hours'", "INTERVAL '-0.5 seconds'", "INTERVAL '1 month -1 day 00:00:01'",
    ]),
    "id128": ("UUID", ["'550e8400-e29b-41d4-a716-446655440000'", "'00000000-0000-0000-0000-000000000000'", "NULL",
                       "'ffffffff-ffff-ffff-ffff-ffffffffffff'"]),
    "mood": ("ENUM('sad', 'o''k', 'glücklich', '')", ["'sad'", "'o''k'", "'glücklich'", "''", "NULL"]),
    "bits": ("BIT", ["'0'", "'1'", "'0101010101'", "NULL"]),
    "list": ("BIGINT[]", ["[]", "[1, NULL, 9223372036854775807]", "NULL", "[-9007199254740993]"]),
    "texts": ("VARCHAR[]", ["['a,\"b\"', '', NULL]", "NULL", "[]", "['\n😀']"]),
    "struct": ("STRUCT(a BIGINT, b VARCHAR)", ["{'a': 9007199254740993, 'b': 'x\"y'}", "NULL", "{'a': NULL, 'b': ''}"]),
    "map": ("MAP(VARCHAR, BIGINT)", ["MAP {'k': 1, 'a \"q\"': 9007199254740993}", "NULL", "MAP {}"]),
    "numbers": ("MAP(INTEGER, VARCHAR)", ["MAP {1: 'one', -2: NULL}", "NULL", "MAP {}"]),
    "records": ("STRUCT(n DECIMAL(12,2), t TIMESTAMP)[]", [
        "[{'n': 1.10, 't': '1969-12-31 23:59:59.999999'}, NULL]", "NULL", "[]",
    ]),
    "deep": ("STRUCT(l INTEGER[][], d DATE)", ["{'l': [[1], [], NULL], 'd': '0001-01-01'}", "NULL"]),
    "pair": ("INTEGER[2]", ["[1, 2]", "[NULL, -1]", "NULL"]),
}  # fmt: skip

# What DuckDB's own Parquet writer turns into something else or refuses.
NOT_IN_PARQUET = {"huge", "uhuge", "span"}


def select(rows, columns=None):
    """The table as SQL: `rows` rows, a column id from 0 on and the named columns (all where None)."""
    parts = ["i AS id"]
    for name in columns if columns is not None else COLUMNS:
        type_, literals = COLUMNS[name]
        item = "VARCHAR" if type_.startswith("ENUM") else type_  # DuckDB cannot serialise ENUM(…)[] for the gate
        values = ", ".join(f"CAST({literal} AS {item})" for literal in literals)
        parts.append(f"CAST(([{values}]::{item}[])[i % {len(literals)} + 1] AS {type_}) AS \"{name}\"")
    return f"SELECT {', '.join(parts)} FROM range({rows}) t(i)"
