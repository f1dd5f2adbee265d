"""A relation as a source of polars' lazy engine: columns and conditions are left to the server.

A condition is pushed down only in forms and on types for which the server's answer is known to be polars' own; polars
applies all of them again to what comes, so that a condition pushed down only saves rows, and one that is not costs
only time. A limit is pushed down where no condition stands in front of it.
"""

from __future__ import annotations

import datetime
import decimal
import io
import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import frames
from .arrow import DICTIONARY, END, SCHEMA, messages
from .conditions import CONNECTIVES, Condition
from .transport import READ_BYTES

if TYPE_CHECKING:
    import polars

    from .relation import Relation

OPERATIONS = {"Eq": "eq", "NotEq": "ne", "Lt": "lt", "LtEq": "le", "Gt": "gt", "GtEq": "ge"}
TURNED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
IN_MAX = 1000
MICROSECONDS = datetime.timedelta(microseconds=1)


def scan(relation: Relation) -> polars.LazyFrame:
    """polars asks for its batches when it runs; each run is a new request."""
    pl = frames.need_polars("scan()")
    from polars.io.plugins import register_io_source

    with relation._answer(limit=0) as answer:
        schema = pl.read_ipc_stream(io.BytesIO(answer.readall())).schema
    types: dict[str, str] = {}

    def source(columns: list[str] | None, predicate: polars.Expr | None, rows_max: int | None,
               _batch_rows: int | None) -> Iterator[polars.DataFrame]:  # fmt: skip
        wanted = relation
        if predicate is not None:
            if not types:
                types.update(relation._sql_types())
            pushed = pushed_down(predicate, types)
            if pushed is not None:
                try:
                    wanted = wanted.filter(pushed)
                except ValueError:  # behind a limit, where a condition chooses among other rows
                    pass
        if columns is not None and (columns or schema):
            # Conditions are applied again: their columns are needed too.
            used = list(dict.fromkeys([*columns, *(predicate.meta.root_names() if predicate is not None else [])]))
            wanted = wanted.select(*(used or list(schema)[:1]))
        if rows_max is not None and predicate is None:
            wanted = wanted.limit(rows_max)
        left = rows_max
        for frame in frames_of(wanted):
            if predicate is not None:
                frame = frame.filter(predicate)
            if columns is not None:
                frame = frame.select(columns)
            if left is not None:
                frame = frame.head(left)
                left -= frame.height
            yield frame
            if left == 0:
                return

    found: polars.LazyFrame = register_io_source(source, schema=schema)
    return found


def frames_of(relation: Relation) -> Iterator[polars.DataFrame]:
    """An answer as polars frames, one for each record batch, without pyarrow."""
    pl = frames.need_polars("scan()")
    head = b""
    with relation._answer() as answer:
        for message in messages(io.BufferedReader(answer, READ_BYTES)):
            if message.kind in (SCHEMA, DICTIONARY):
                head += message.whole
            else:
                yield pl.read_ipc_stream(io.BytesIO(b"".join((head, message.whole, END))))


def pushed_down(predicate: polars.Expr, types: dict[str, str]) -> Condition | None:
    """The part of a predicate that the server can apply: at the top level, those of its conjuncts that are known."""
    try:
        tree = json.loads(predicate.meta.serialize(format="json"))
    except Exception:  # polars does not promise this form: without it everything is applied here
        return None
    known = [_condition(each, types) for each in _conjuncts(tree)]
    whole: Condition | None = None
    for condition in known:
        if condition is not None:
            whole = condition if whole is None else whole & condition
    return whole


def _conjuncts(node: Any) -> list[Any]:
    binary = node.get("BinaryExpr") if isinstance(node, dict) else None
    if binary and binary["op"] in ("And", "LogicalAnd"):
        return _conjuncts(binary["left"]) + _conjuncts(binary["right"])
    return [node]


def _condition(node: Any, types: dict[str, str]) -> Condition | None:
    """A node of the expression as a condition of exactly its meaning, else None."""
    if not isinstance(node, dict):
        return None
    if "BinaryExpr" in node:
        return _binary(node["BinaryExpr"], types)
    if "Function" in node:
        return _function(node["Function"], types)
    return None


def _binary(node: dict[str, Any], types: dict[str, str]) -> Condition | None:
    op = node["op"]
    if op in ("And", "LogicalAnd", "Or", "LogicalOr"):
        left, right = _condition(node["left"], types), _condition(node["right"], types)
        if left is None or right is None:
            return None
        return left & right if "And" in op else left | right
    name, value, comparison = _column(node["left"]), node["right"], OPERATIONS.get(op)
    if name is None:
        name, value = _column(node["right"]), node["left"]
        comparison = TURNED.get(comparison or "")
    if name is None or comparison is None:
        return None
    known = _literal(value, types.get(name, ""))
    return None if known is None else Condition({name: {"op": comparison, "value": known[0]}})


def _function(node: dict[str, Any], types: dict[str, str]) -> Condition | None:
    kind = node["function"].get("Boolean") if isinstance(node["function"], dict) else None
    inputs = node["input"]
    if kind == "Not":
        inner = _condition(inputs[0], types)
        return None if inner is None else ~inner
    name = _column(inputs[0])
    if name is None or kind is None:
        return None
    if kind == "IsNull":
        return Condition({name: {"op": "is_null"}})
    if kind == "IsNotNull":
        return ~Condition({name: {"op": "is_null"}})
    if isinstance(kind, dict) and kind.get("IsBetween", {}).get("closed") == "Both":
        ends = [_literal(each, types.get(name, "")) for each in inputs[1:]]
        if len(ends) == 2 and ends[0] is not None and ends[1] is not None:
            return Condition({name: {"op": "between", "value": [ends[0][0], ends[1][0]]}})
    if isinstance(kind, dict) and kind.get("IsIn", {}).get("nulls_equal") is False:
        return _is_in(name, inputs[1], types.get(name, ""))
    return None


def _is_in(name: str, node: Any, sql_type: str) -> Condition | None:
    """`is_in` of a list, which polars writes as an Arrow stream of one list."""
    data = node.get("Literal", {}).get("Scalar", {}).get("List") if isinstance(node, dict) else None
    if data is None or sql_type not in (*INTEGERS, "VARCHAR"):
        return None
    pl = frames.need_polars("scan()")
    values = pl.read_ipc_stream(io.BytesIO(bytes(data))).to_series().explode().to_list()
    kind = str if sql_type == "VARCHAR" else int
    if not 1 <= len(values) <= IN_MAX or not all(type(value) is kind for value in values):
        return None
    return Condition({name: {"op": "in", "value": values}})


def _column(node: Any) -> str | None:
    name = node.get("Column") if isinstance(node, dict) else None
    return name if isinstance(name, str) and name not in CONNECTIVES else None


def _literal(node: Any, sql_type: str) -> tuple[Any] | None:
    """A literal as the filter has it, where comparing it with a column of this type is the same on both sides."""
    literal = node.get("Literal") if isinstance(node, dict) else None
    if not isinstance(literal, dict):
        return None
    inner = literal.get("Dyn", literal.get("Scalar"))
    if not isinstance(inner, dict) or len(inner) != 1:
        return None
    kind, value = next(iter(inner.items()))
    if kind.startswith(("Int", "UInt")) and (sql_type in INTEGERS or sql_type.startswith("DECIMAL")):
        return (int(value),)
    if kind in ("Float", "Float64", "Int") and sql_type == "DOUBLE" and math.isfinite(value):
        return (value,) if abs(value) < 2**53 else None
    if kind == "String" and sql_type == "VARCHAR":
        return (value,)
    if kind == "Boolean" and sql_type == "BOOLEAN":
        return (value,)
    if kind == "Date" and sql_type == "DATE":
        return _date(value)
    if kind == "Datetime" and value[1] == "Microseconds":
        return _time(value[0], value[2], sql_type)
    if kind == "Decimal" and sql_type.startswith("DECIMAL"):
        return (str(decimal.Decimal(value[0]).scaleb(-value[2])),)
    return None


def _date(days: int) -> tuple[Any] | None:
    try:
        return ((datetime.date(1970, 1, 1) + datetime.timedelta(days=days)).isoformat(),)
    except OverflowError:
        return None


def _time(value: int, zone: Any, sql_type: str) -> tuple[Any] | None:
    # A zone is a dict of polars' own; what it holds is compared as text, whatever its form.
    if sql_type != ("TIMESTAMP" if zone is None else "TIMESTAMP WITH TIME ZONE" if "UTC" in str(zone) else "other"):
        return None
    try:
        text = (datetime.datetime(1970, 1, 1) + value * MICROSECONDS).isoformat()
    except OverflowError:
        return None
    return (text + ("Z" if zone else ""),)
