"""The buffers of one record batch as Python values: what each Arrow type looks like in memory."""

from __future__ import annotations

import datetime
import decimal
import struct
from collections.abc import Callable
from typing import Any

from .arrow import Field, Interval
from .flatbuffer import Table

(NULL, INT, FLOAT, BINARY, UTF8, BOOL, DECIMAL, DATE, TIME, TIMESTAMP, INTERVAL, LIST, STRUCT, UNION, FIXED_BINARY,
 FIXED_LIST, MAP, DURATION, LARGE_BINARY, LARGE_UTF8, LARGE_LIST) = range(1, 22)  # fmt: skip

SECOND, MILLISECOND, MICROSECOND, NANOSECOND = range(4)
PER_SECOND = (1, 1000, 1_000_000, 1_000_000_000)
EPOCH = datetime.datetime(1970, 1, 1)
EPOCH_UTC = EPOCH.replace(tzinfo=datetime.timezone.utc)
EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
INTEGERS = {(8, True): "b", (16, True): "h", (32, True): "i", (64, True): "q",
            (8, False): "B", (16, False): "H", (32, False): "I", (64, False): "Q"}  # fmt: skip
# Enough for every decimal: the default context would round to 28 digits.
EXACT = decimal.Context(prec=80)


class Reader:
    """Takes the nodes and buffers of a batch in order, one column after the other.

    Raises ValueError for what it does not know (compressed buffers, views, unions), struct.error or IndexError for
    buffers that are too short.
    """

    def __init__(self, batch: Table, body: memoryview, dictionaries: dict[int, list[Any]]) -> None:
        if batch.table(3) is not None:
            raise ValueError("compressed Arrow needs pyarrow or polars: ask for compression=none")
        self._nodes = iter(batch.pairs(1))
        self._buffers = iter(batch.pairs(2))
        self._body = body
        self._dictionaries = dictionaries

    def _buffer(self) -> memoryview:
        offset, size = next(self._buffers)
        return self._body[offset : offset + size]

    def values(self, field: Field, encoded: bool = True) -> list[Any]:
        """The next column. `encoded` False: the values of a dictionary itself."""
        length, nulls = next(self._nodes)
        if field.kind == NULL and field.dictionary is None:
            return [None] * length
        validity = self._buffer()
        if field.dictionary is not None and encoded:
            indexes = self._integers(field.index, length)
            known = self._dictionaries.get(field.dictionary, [])
            found = [None] * length if not known else [known[index] if 0 <= index < len(known) else None
                                                       for index in indexes]  # fmt: skip
        else:
            found = self._plain(field, length)
        if not nulls or not len(validity):
            return found
        present = _bits(validity, length)
        return [value if there else None for value, there in zip(found, present)]

    def _plain(self, field: Field, length: int) -> list[Any]:
        read = READERS.get(field.kind)
        if read is None:
            raise ValueError(f"column {field.name!r} has an Arrow type (number {field.kind}) that is not read here")
        found = read(self, field, length)
        if len(found) < length:
            raise struct.error("a buffer is too short")
        return found

    def _numbers(self, code: str, length: int) -> list[Any]:
        size = struct.calcsize("<" + code)
        return self._buffer()[: size * length].cast(code).tolist()  # type: ignore[call-overload, no-any-return]

    def _integers(self, kind: Table | None, length: int) -> list[int]:
        width, signed = (kind.i32(0, 0), bool(kind.u8(1))) if kind else (32, True)
        return self._numbers(INTEGERS[width, signed], length)

    def _int(self, field: Field, length: int) -> list[Any]:
        return self._integers(field.type, length)

    def _float(self, field: Field, length: int) -> list[Any]:
        return self._numbers("efd"[field.type.i16(0) if field.type else 2], length)

    def _bool(self, field: Field, length: int) -> list[Any]:
        return _bits(self._buffer(), length)

    def _spans(self, length: int, large: bool) -> list[int]:
        offsets = self._numbers("q" if large else "i", length + 1)
        return offsets if len(offsets) > length else [0] * (length + 1)

    def _text(self, field: Field, length: int) -> list[Any]:
        offsets = self._spans(length, field.kind == LARGE_UTF8)
        data = self._buffer()
        return [str(data[start:end], "utf-8", "replace") for start, end in zip(offsets, offsets[1:])]

    def _binary(self, field: Field, length: int) -> list[Any]:
        offsets = self._spans(length, field.kind == LARGE_BINARY)
        data = self._buffer()
        return [bytes(data[start:end]) for start, end in zip(offsets, offsets[1:])]

    def _fixed_binary(self, field: Field, length: int) -> list[Any]:
        width = field.type.i32(0) if field.type else 0
        data = self._buffer()
        return [bytes(data[width * row : width * (row + 1)]) for row in range(length)]

    def _decimal(self, field: Field, length: int) -> list[Any]:
        scale, bits = (field.type.i32(1), field.type.i32(2, 128)) if field.type else (0, 128)
        size = bits // 8
        data = self._buffer()
        whole = [int.from_bytes(data[size * row : size * (row + 1)], "little", signed=True) for row in range(length)]
        if scale == 0 and field.sql_type == "HUGEINT":
            return whole
        return [decimal.Decimal(value).scaleb(-scale, EXACT) for value in whole]

    def _date(self, field: Field, length: int) -> list[Any]:
        if field.type and field.type.i16(0, 1) == 0:
            return [_date_of(days) for days in self._numbers("i", length)]
        return [_date_of(value // 86_400_000) for value in self._numbers("q", length)]

    def _time(self, field: Field, length: int) -> list[Any]:
        unit, width = (field.type.i16(0, 1), field.type.i32(1, 32)) if field.type else (1, 32)
        return [_time_of(value, PER_SECOND[unit]) for value in self._numbers("i" if width == 32 else "q", length)]

    def _timestamp(self, field: Field, length: int) -> list[Any]:
        unit = field.type.i16(0, 0) if field.type else 0
        zoned = bool(field.type and field.type.text(1))
        return [_datetime_of(value, PER_SECOND[unit], zoned) for value in self._numbers("q", length)]

    def _duration(self, field: Field, length: int) -> list[Any]:
        per_second = PER_SECOND[field.type.i16(0, 1) if field.type else 1]
        return [Interval(0, 0, value * (1_000_000_000 // per_second)) for value in self._numbers("q", length)]

    def _interval(self, field: Field, length: int) -> list[Any]:
        unit = field.type.i16(0, 0) if field.type else 0
        form = struct.Struct(("<i", "<ii", "<iiq")[unit])
        data = self._buffer()
        found = [form.unpack_from(data, form.size * row) for row in range(length)]
        if unit == 0:
            return [Interval(value[0], 0, 0) for value in found]
        if unit == 1:
            return [Interval(0, value[0], value[1] * 1_000_000) for value in found]
        return [Interval(*value) for value in found]

    def _list(self, field: Field, length: int) -> list[Any]:
        offsets = self._spans(length, field.kind == LARGE_LIST)
        items = self.values(field.children[0])
        return [items[start:end] for start, end in zip(offsets, offsets[1:])]

    def _fixed_list(self, field: Field, length: int) -> list[Any]:
        size = field.type.i32(0) if field.type else 0
        items = self.values(field.children[0])
        return [items[size * row : size * (row + 1)] for row in range(length)]

    def _struct(self, field: Field, length: int) -> list[Any]:
        names = [child.name for child in field.children]
        columns = [self.values(child) for child in field.children]
        if not columns:
            return [{} for _ in range(length)]
        return [dict(zip(names, row)) for row in zip(*columns)]

    def _map(self, field: Field, length: int) -> list[Any]:
        offsets = self._spans(length, False)
        entries = self.values(field.children[0])
        pairs = [tuple(entry.values()) if entry else () for entry in entries]
        return [pairs[start:end] for start, end in zip(offsets, offsets[1:])]


READERS: dict[int, Callable[[Reader, Field, int], list[Any]]] = {
    INT: Reader._int, FLOAT: Reader._float, BOOL: Reader._bool, BINARY: Reader._binary, LARGE_BINARY: Reader._binary,
    UTF8: Reader._text, LARGE_UTF8: Reader._text, FIXED_BINARY: Reader._fixed_binary, DECIMAL: Reader._decimal,
    DATE: Reader._date, TIME: Reader._time, TIMESTAMP: Reader._timestamp, DURATION: Reader._duration,
    INTERVAL: Reader._interval, LIST: Reader._list, LARGE_LIST: Reader._list, FIXED_LIST: Reader._fixed_list,
    STRUCT: Reader._struct, MAP: Reader._map, NULL: lambda reader, field, length: [None] * length,
}  # fmt: skip


def _bits(data: memoryview, length: int) -> list[Any]:
    found: list[Any] = []
    for byte in data[: (length + 7) // 8]:
        found += _BYTES[byte]
    return found[:length]


_BYTES = [[bool(byte >> bit & 1) for bit in range(8)] for byte in range(256)]


def civil(days: int) -> tuple[int, int, int]:
    """Year, month, day of days since 1970, for any year (Howard Hinnant's days_from_civil, inverted)."""
    days += 719_468
    era, day_of_era = divmod(days, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month + 2) // 5 + 1
    return year_of_era + era * 400 + (month >= 10), (month + 3 if month < 10 else month - 9), day


def date_text(days: int) -> str:
    year, month, day = civil(days)
    return f"{year:04}-{month:02}-{day:02}" if year >= 0 else f"-{-year:04}-{month:02}-{day:02}"


def _date_of(days: int) -> datetime.date | str:
    ordinal = days + EPOCH_DAY
    return datetime.date.fromordinal(ordinal) if 1 <= ordinal <= 3_652_059 else _endless(days, 31) or date_text(days)


def _endless(value: int, bits: int) -> str:
    """The engine's infinities are the largest values of the type."""
    limit = (1 << bits) - 1
    return "infinity" if value == limit else "-infinity" if value == -limit else ""


def clock_text(value: int, per_second: int) -> str:
    seconds, part = divmod(value, per_second)
    digits = len(str(per_second)) - 1
    tail = f"{part:0{digits}}".rstrip("0") if digits else ""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" + (f".{tail}" if tail else "")


def _time_of(value: int, per_second: int) -> datetime.time | str:
    micros, rest = divmod(value * 1_000_000, per_second)
    if rest or not 0 <= micros < 86_400_000_000:
        return clock_text(value, per_second)
    seconds, micro = divmod(micros, 1_000_000)
    return datetime.time(seconds // 3600, seconds // 60 % 60, seconds % 60, micro)


def _datetime_of(value: int, per_second: int, zoned: bool) -> datetime.datetime | str:
    micros, rest = divmod(value * 1_000_000, per_second)
    if not rest:
        try:
            return (EPOCH_UTC if zoned else EPOCH) + datetime.timedelta(microseconds=micros)
        except OverflowError:
            pass
    days, within = divmod(value, 86_400 * per_second)
    text = f"{date_text(days)}T{clock_text(within, per_second)}{'Z' if zoned else ''}"
    return _endless(value, 63) or text
