"""What rows are wanted, as values: conditions on columns, and their two forms (the filter of the API, and SQL).

    col("delay") > 60
    (col("origin") == "SFO") & ~col("delay").is_null()
    col("origin").is_in(["SFO", "OAK"]) | col("distance").between(100, 200)
"""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

Filter = dict[str, Any]
# Members of a filter that are no columns.
CONNECTIVES = ("and", "or", "not")
COMPARISONS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def scalar(value: Any) -> Any:
    """A Python value as JSON has it, exactly: what JSON does not have is text, which is compared as the column's type.

    Raises TypeError for values that no filter can have.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if hasattr(value, "item") and not hasattr(value, "__len__"):  # a number of numpy
        return scalar(value.item())
    raise TypeError(f"a value must be None, a bool, number, text, date or time, not {type(value).__name__}")


class Condition:
    """A filter of the API; `&`, `|` and `~` combine them."""

    def __init__(self, filter: Mapping[str, Any]) -> None:
        self.filter: Filter = dict(filter)

    def __and__(self, other: Condition) -> Condition:
        return Condition({"and": _flat("and", self) + _flat("and", other)})

    def __or__(self, other: Condition) -> Condition:
        return Condition({"or": _flat("or", self) + _flat("or", other)})

    def __invert__(self) -> Condition:
        return Condition({"not": self.filter})

    def __bool__(self) -> bool:
        raise TypeError("a condition has no truth of its own: combine conditions by &, | and ~, with parentheses")

    def __repr__(self) -> str:
        return f"Condition({self.filter})"


def _flat(connective: str, condition: Condition) -> list[Filter]:
    if set(condition.filter) == {connective}:
        return list(condition.filter[connective])
    return [condition.filter]


class Column:
    """A column by name, to be compared."""

    def __init__(self, name: str) -> None:
        if name in CONNECTIVES:
            raise ValueError(f"a filter cannot name a column {name!r}; use sql()")
        self.name = name

    def _op(self, op: str, value: Any) -> Condition:
        return Condition({self.name: {"op": op, "value": value}})

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]
        return self._op("eq", scalar(other))

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]
        return self._op("ne", scalar(other))

    def __lt__(self, other: Any) -> Condition:
        return self._op("lt", scalar(other))

    def __le__(self, other: Any) -> Condition:
        return self._op("le", scalar(other))

    def __gt__(self, other: Any) -> Condition:
        return self._op("gt", scalar(other))

    def __ge__(self, other: Any) -> Condition:
        return self._op("ge", scalar(other))

    __hash__ = None  # type: ignore[assignment]

    def is_in(self, values: Iterable[Any]) -> Condition:
        return self._op("in", [scalar(value) for value in values])

    def between(self, low: Any, high: Any) -> Condition:
        """Both ends included."""
        return self._op("between", [scalar(low), scalar(high)])

    def like(self, pattern: str) -> Condition:
        """SQL's LIKE: `%` any text, `_` any character."""
        return self._op("like", pattern)

    def contains(self, text: str) -> Condition:
        """The value as it is displayed contains this text, in any case."""
        return self._op("contains", text)

    def is_null(self) -> Condition:
        return Condition({self.name: {"op": "is_null"}})

    def __repr__(self) -> str:
        return f"col({self.name!r})"


def col(name: str) -> Column:
    return Column(name)


def condition_of(conditions: Iterable[Condition | Mapping[str, Any]], equal: Mapping[str, Any]) -> Condition | None:
    """All of them together; a mapping is a filter as the API has it, or column → value."""
    found: list[Condition] = []
    for each in conditions:
        if isinstance(each, Condition):
            found.append(each)
        elif isinstance(each, Mapping):
            found.append(Condition({name: _member(name, value) for name, value in each.items()}))
        else:
            raise TypeError(f"a condition is made by col(…), or a dict as the API has it, not {type(each).__name__}")
    found += [Column(name) == value for name, value in equal.items()]
    whole: Condition | None = None
    for one in found:
        whole = one if whole is None else whole & one
    return whole


def _member(name: str, value: Any) -> Any:
    if isinstance(value, (Mapping, list, tuple)):
        return value
    return scalar(value)


def quote(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def sql_of(filter: Mapping[str, Any], parameters: list[Any]) -> str:
    """A filter as SQL whose values are parameters, appended to `parameters` ($1 is the first)."""
    parts = [_part(name, value, parameters) for name, value in filter.items()]
    return "(" + " AND ".join(parts or ["true"]) + ")"


def _part(name: str, value: Any, parameters: list[Any]) -> str:
    if name in ("and", "or"):
        return "(" + f" {name.upper()} ".join(sql_of(each, parameters) for each in value) + ")"
    if name == "not":
        return f"NOT {sql_of(value, parameters)}"
    column = quote(name)
    if not isinstance(value, Mapping):
        value = {"op": "eq", "value": value}
    op, operand = value["op"], value.get("value")

    def bind(one: Any) -> str:
        parameters.append(one)
        return f"${len(parameters)}"

    if op == "is_null" or (op == "eq" and operand is None):
        return f"{column} IS NULL"
    if op == "ne" and operand is None:
        return f"{column} IS NOT NULL"
    if op in COMPARISONS:
        return f"{column} {COMPARISONS[op]} {bind(operand)}"
    if op == "in":
        return f"{column} IN ({', '.join(bind(one) for one in operand)})"
    if op == "between":
        return f"{column} BETWEEN {bind(operand[0])} AND {bind(operand[1])}"
    if op == "like":
        return f"{column} LIKE {bind(operand)}"
    if op == "contains":
        return f"contains(lower({column}::VARCHAR), lower({bind(operand)}))"
    raise ValueError(f"no operation {op!r}; use eq ne lt le gt ge in between like contains is_null")
