"""Arrow IPC streams without an Arrow library: messages cut apart, and record batches as Python values.

`messages` only looks at lengths, so that batches can be handed on to polars or pyarrow one by one. `read_batches` gives
values, for programs that have neither, and for the desktop table. Both want the end marker: a stream that breaks off
raises Interrupted.

Values: None, bool, int (also HUGEINT), float, str, bytes, decimal.Decimal, datetime.date, datetime.time,
datetime.datetime (aware where the type has a time zone), list, dict (structs), list of pairs (maps), Interval.
A time that Python's types do not hold (nanoseconds, years beyond 9999) is its ISO text.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple, Protocol

from .errors import Interrupted
from .flatbuffer import Table

CONTINUATION = b"\xff\xff\xff\xff"
END = CONTINUATION + b"\0\0\0\0"
METADATA_BYTES_MAX = 64 << 20
SCHEMA, DICTIONARY, BATCH = 1, 2, 3

if sys.byteorder != "little":
    raise ImportError("canvasback reads Arrow on little-endian machines only")


class Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes | None: ...


class Interval(NamedTuple):
    months: int
    days: int
    nanoseconds: int


@dataclass
class Field:
    """A column: `kind` is the number of its type in Arrow's Schema.fbs, `unit`, `width` … what that type has."""

    name: str
    kind: int
    type: Table | None
    children: list[Field]
    metadata: dict[str, str]
    dictionary: int | None = None
    index: Table | None = None

    @property
    def sql_type(self) -> str:
        """What the server says of the type where Arrow's own does not tell, else empty."""
        return self.metadata.get("canvasback.type", "")


@dataclass
class Batch:
    """Some rows: one list of values for each column."""

    fields: list[Field]
    columns: list[list[Any]]
    rows: int
    names: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = [each.name for each in self.fields]

    def __len__(self) -> int:
        return self.rows


class Message(NamedTuple):
    kind: int
    header: Table
    body: memoryview
    whole: bytes  # as it came, to be handed on


def _exactly(source: Readable, size: int) -> bytes:
    parts, missing = [], size
    while missing:
        part = source.read(missing)
        if not part:
            raise Interrupted(f"an Arrow message lacks {missing} bytes")
        parts.append(part)
        missing -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def messages(source: Readable | BinaryIO) -> Iterator[Message]:
    """The messages of a stream up to its end marker."""
    while True:
        head = _exactly(source, 8)
        if head[:4] != CONTINUATION:
            raise ValueError("this is no Arrow IPC stream")
        size = int.from_bytes(head[4:], "little")
        if size == 0:
            return
        if size > METADATA_BYTES_MAX:
            raise ValueError(f"Arrow metadata of {size} bytes, at most {METADATA_BYTES_MAX}")
        metadata = _exactly(source, size)
        message = Table.root(metadata)
        header = message.table(2)
        if header is None:
            raise ValueError("an Arrow message without a header")
        body = _exactly(source, message.i64(3))
        yield Message(message.u8(1), header, memoryview(body), head + metadata + body)


def fields_of(schema: Table) -> list[Field]:
    return [_field(each) for each in schema.tables(1)]


def _field(table: Table) -> Field:
    encoding = table.table(4)
    return Field(
        name=table.text(0), kind=table.u8(2), type=table.table(3),
        children=[_field(each) for each in table.tables(5)],
        metadata={each.text(0): each.text(1) for each in table.tables(6)},
        dictionary=encoding.i64(0) if encoding else None, index=encoding.table(1) if encoding else None)  # fmt: skip


def read_batches(source: Readable | BinaryIO) -> Iterator[Batch]:
    """The record batches of a stream; the first has no rows and tells the columns."""
    from .arrow_values import Reader

    fields: list[Field] = []
    dictionaries: dict[int, list[Any]] = {}
    by_id: dict[int, Field] = {}
    for message in messages(source):
        try:
            if message.kind == SCHEMA:
                fields = fields_of(message.header)
                by_id = dict(_dictionaries(fields))
                yield Batch(fields, [[] for _ in fields], 0)
            elif message.kind == DICTIONARY:
                number = message.header.i64(0)
                data = message.header.table(1)
                if data is None or number not in by_id:
                    raise ValueError("a dictionary of no column")
                values = Reader(data, message.body, dictionaries).values(by_id[number], encoded=False)
                old = dictionaries.get(number, []) if message.header.u8(2) else []
                dictionaries[number] = old + values
            elif message.kind == BATCH:
                reader = Reader(message.header, message.body, dictionaries)
                yield Batch(fields, [reader.values(each) for each in fields], message.header.i64(0))
        except (struct.error, IndexError) as error:
            raise ValueError(f"a damaged Arrow message: {error}") from error


def _dictionaries(fields: list[Field]) -> Iterator[tuple[int, Field]]:
    for each in fields:
        if each.dictionary is not None:
            yield each.dictionary, each
        yield from _dictionaries(each.children)
