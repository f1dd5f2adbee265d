"""The comparison itself can fail: one planted difference in any column of any format is found, and nothing else is."""

import copy
import decimal

import hard_table
import pytest
from canonical import expected
from readers import FORMATS, check

ROWS = 40


@pytest.fixture(scope="module")
def server(serve_module):
    return serve_module()


def another(kind, value):
    """A value of the kind that differs as little as it can."""
    if isinstance(kind, tuple):
        return [] if value else [None]
    if kind in ("int", "date", "time", "timestamp", "timestamp_ns"):
        return value + 1
    if kind == "decimal":
        return value + decimal.Decimal(1).scaleb(value.as_tuple().exponent)
    if kind in ("double", "float"):
        return "-0x0.0p+0" if value == "0x0.0p+0" else "0x0.0p+0"
    if kind == "boolean":
        return not value
    if kind == "interval":
        return (value[0], value[1], value[2] + 1)
    return value + (b" " if kind == "blob" else " ")


@pytest.mark.parametrize("format_", FORMATS)
def test_every_planted_difference_is_found(server, oracle, format_):
    left_out = hard_table.NOT_IN_PARQUET if format_ == "parquet" else {"huge"}
    sql = hard_table.select(ROWS, [name for name in hard_table.COLUMNS if name not in left_out])
    kinds, columns = expected(oracle, sql)
    answer = server.sql(sql, format=format_)
    check(answer, format_, kinds, columns)
    for name, kind in kinds.items():
        row = next(row for row, value in enumerate(columns[name]) if value is not None)
        for wrong in (another(kind, columns[name][row]), None):
            planted = copy.deepcopy(columns)
            planted[name][row] = wrong
            with pytest.raises(AssertionError, match=f"column {name} "):
                check(answer, format_, kinds, planted)


@pytest.mark.parametrize("format_", FORMATS)
def test_missing_and_repeated_rows_are_found(server, oracle, format_):
    kinds, columns = expected(oracle, "SELECT * FROM range(5) t(i)")
    for wanted in (columns["i"][:-1], columns["i"] + [5], columns["i"][::-1]):
        with pytest.raises(AssertionError):
            check(server.sql("SELECT * FROM range(5) t(i)", format=format_), format_, kinds, {"i": wanted})
