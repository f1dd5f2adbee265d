"""Values as they are displayed in a table: one line each, NULL apart."""

from __future__ import annotations

import datetime
import json
import math
from typing import Any

from .arrow import Interval

NUMBER_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
                "UHUGEINT", "BIGNUM", "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip
CONTROL = {code: " " for code in (*range(32), 0x7F, 0x85, 0x2028, 0x2029)}


def is_number(sql_type: str) -> bool:
    return sql_type.partition("(")[0] in NUMBER_TYPES


def text_of(value: Any) -> str:
    """The text of a value that is not None, exact (numbers with every digit), as copied and exported."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return float_text(value)
    if isinstance(value, datetime.datetime):
        text = value.replace(tzinfo=None).isoformat(" ")
        return text + "Z" if value.tzinfo else text
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, Interval):
        return interval_text(value)
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=text_of)
    return format(value, "f") if type(value).__name__ == "Decimal" else str(value)


def line_of(value: Any, characters_max: int) -> str:
    """The same on one line, cut."""
    text = text_of(value)
    if len(text) > characters_max:
        text = text[: characters_max - 1] + "…"
    return text.translate(CONTROL) if not text.isprintable() else text


def float_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def interval_text(value: Interval) -> str:
    parts = [f"{amount} {unit}" for amount, unit in ((value.months, "months"), (value.days, "days")) if amount]
    if value.nanoseconds or not parts:
        parts.append(f"{value.nanoseconds / 1e9:g} s")
    return " ".join(parts)
