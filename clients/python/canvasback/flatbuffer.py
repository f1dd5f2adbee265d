"""The little of FlatBuffers that the metadata of Arrow IPC needs: reading tables. Nothing is copied."""

from __future__ import annotations

import struct
from typing import Any

_SHORT = struct.Struct("<h")
_INT = struct.Struct("<i")
_UINT = struct.Struct("<I")
_LONG = struct.Struct("<q")
_USHORT = struct.Struct("<H")


class Table:
    """One table; fields by their index in the schema, the default where a field is absent.

    Raises struct.error where an offset leads out of the bytes.
    """

    def __init__(self, data: Any, at: int) -> None:
        self._data, self._at = data, at
        self._vtable = at - _INT.unpack_from(data, at)[0]
        if self._vtable < 0:
            raise struct.error("a vtable in front of the data")
        self._size: int = _USHORT.unpack_from(data, self._vtable)[0]

    @classmethod
    def root(cls, data: Any) -> Table:
        return cls(data, _UINT.unpack_from(data, 0)[0])

    def _place(self, field: int) -> int:
        """Where a field is, 0 where it is absent."""
        slot = 4 + 2 * field
        if slot >= self._size:
            return 0
        offset: int = _USHORT.unpack_from(self._data, self._vtable + slot)[0]
        return self._at + offset if offset else 0

    def _scalar(self, form: struct.Struct, field: int, default: int) -> int:
        place = self._place(field)
        return int(form.unpack_from(self._data, place)[0]) if place else default

    def u8(self, field: int, default: int = 0) -> int:
        place = self._place(field)
        return int(self._data[place]) if place else default

    def i16(self, field: int, default: int = 0) -> int:
        return self._scalar(_SHORT, field, default)

    def i32(self, field: int, default: int = 0) -> int:
        return self._scalar(_INT, field, default)

    def i64(self, field: int, default: int = 0) -> int:
        return self._scalar(_LONG, field, default)

    def table(self, field: int) -> Table | None:
        place = self._place(field)
        return Table(self._data, self._follow(place)) if place else None

    def text(self, field: int) -> str:
        place = self._place(field)
        if not place:
            return ""
        at = self._follow(place)
        size = _UINT.unpack_from(self._data, at)[0]
        return bytes(self._data[at + 4 : at + 4 + size]).decode()

    def tables(self, field: int) -> list[Table]:
        at, count = self._vector(field)
        return [Table(self._data, self._follow(at + 4 * index)) for index in range(count)]

    def pairs(self, field: int) -> list[tuple[int, int]]:
        """A vector of structs of two 64-bit integers."""
        at, count = self._vector(field)
        numbers = struct.unpack_from(f"<{2 * count}q", self._data, at) if count else ()
        return list(zip(numbers[::2], numbers[1::2]))

    def _vector(self, field: int) -> tuple[int, int]:
        """Where the first item of a vector is, and how many there are."""
        place = self._place(field)
        if not place:
            return 0, 0
        at = self._follow(place)
        return at + 4, _UINT.unpack_from(self._data, at)[0]

    def _follow(self, place: int) -> int:
        return place + int(_UINT.unpack_from(self._data, place)[0])
