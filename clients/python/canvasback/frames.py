"""Frames of other libraries as bodies that the server ingests, a part at a time, and rows as frames.

What can be ingested: anything with `__arrow_c_stream__` (polars, pyarrow, DuckDB relations, pandas from 2.2), lists or
iterables of dicts, and one dict. polars frames need nothing else; the others need pyarrow.
"""

from __future__ import annotations

import io
import json
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

ARROW = "application/vnd.apache.arrow.stream"
NDJSON = "application/x-ndjson"
BATCH_ROWS = 65_536
ROW_GROUP_ROWS = 131_072
PART_BYTES = 1 << 18


class Missing(ImportError):
    """A package that is needed here and not installed."""

    def __init__(self, package: str, what: str) -> None:
        super().__init__(f'{what} needs {package}: pip install "canvasback[{package}]"', name=package)


def need_pyarrow(what: str) -> Any:
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError as error:
        raise Missing("pyarrow", what) from error
    return pyarrow


def need_polars(what: str) -> Any:
    try:
        import polars
    except ImportError as error:
        raise Missing("polars", what) from error
    return polars


def is_frame(source: Any) -> bool:
    return hasattr(source, "__arrow_c_stream__") or _module(source) in ("pandas", "polars", "duckdb")


def _module(source: Any) -> str:
    return type(source).__module__.split(".")[0].lstrip("_")


class _Parts(io.RawIOBase):
    """A file whose writes are kept until they are taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def arrow_reader(frame: Any, what: str = "reading this frame") -> Any:
    """A pyarrow RecordBatchReader of a frame, its batches not copied where the frame's library allows that."""
    arrow = need_pyarrow(what)
    if isinstance(frame, arrow.RecordBatchReader):
        return frame
    if isinstance(frame, arrow.RecordBatch):
        frame = arrow.Table.from_batches([frame])
    if isinstance(frame, arrow.Table):
        return frame.to_reader(BATCH_ROWS)
    if _module(frame) == "polars":
        if hasattr(frame, "collect"):
            frame = frame.collect()
        # Old string types: every reader of Arrow has them.
        return frame.to_arrow(compat_level=_oldest()).to_reader(BATCH_ROWS)
    if _module(frame) == "pandas":
        return arrow.Table.from_pandas(frame, preserve_index=_named_index(frame)).to_reader(BATCH_ROWS)
    if hasattr(frame, "__arrow_c_stream__"):
        return arrow.RecordBatchReader.from_stream(frame)
    raise TypeError(f"{type(frame).__name__} is no frame: it has no __arrow_c_stream__")


def _oldest() -> Any:
    import polars

    return polars.CompatLevel.oldest()


def _named_index(frame: Any) -> bool:
    """An index with a name is data; a counting one is not."""
    return any(name is not None for name in frame.index.names)


def arrow_parts(frame: Any) -> Callable[[], Iterator[bytes]]:
    """A frame as the parts of an Arrow stream, as often as it is called. A reader of batches is read once only."""
    if _module(frame) == "polars" and not _has_pyarrow():
        return lambda: _polars_parts(frame)

    def parts() -> Iterator[bytes]:
        arrow = need_pyarrow("ingesting this frame")
        reader = arrow_reader(frame, "ingesting this frame")
        sink = _Parts()
        with arrow.ipc.new_stream(arrow.PythonFile(sink, mode="w"), reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
                yield sink.take()
        yield sink.take()

    return parts


def write_parquet(frame: Any, path: pathlib.Path) -> None:
    """A frame as a Parquet file that is quick to write and to read a part of; batch by batch with pyarrow."""
    if _module(frame) == "polars" and not _has_pyarrow():
        frame = frame.collect() if hasattr(frame, "collect") else frame
        frame.write_parquet(path, compression="lz4", row_group_size=ROW_GROUP_ROWS)
        return
    need_pyarrow("cb.view()")
    import pyarrow.parquet

    reader = arrow_reader(frame, "cb.view()")
    # Types as Parquet has them, without Arrow's own beside them: of those the server knows fewer (64-bit text).
    writer_of = pyarrow.parquet.ParquetWriter
    with writer_of(path, reader.schema, compression="lz4", store_schema=False) as writer:
        for batch in _large_batches(reader):
            writer.write_table(batch, row_group_size=ROW_GROUP_ROWS)


def _large_batches(reader: Any) -> Iterator[Any]:
    """Tables of about a row group: small batches would each be a row group of their own."""
    import pyarrow

    waiting: list[Any] = []
    rows = 0
    for batch in reader:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP_ROWS:
            yield pyarrow.Table.from_batches(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pyarrow.Table.from_batches(waiting)


def _has_pyarrow() -> bool:
    try:
        import pyarrow.ipc  # noqa: F401
    except ImportError:
        return False
    return True


def _polars_parts(frame: Any) -> Iterator[bytes]:
    if hasattr(frame, "collect"):
        frame = frame.collect()
    sink = io.BytesIO()
    frame.write_ipc_stream(sink, compat_level=_oldest())
    view = sink.getbuffer()
    for start in range(0, len(view), PART_BYTES):
        yield bytes(view[start : start + PART_BYTES])


def record_parts(records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Records as NDJSON. Raises TypeError where one is no mapping, ValueError for NaN, which JSON does not have."""
    parts: list[str] = []
    size = 0
    for record in records:
        if not isinstance(record, Mapping):
            raise TypeError(f"a record is a dict, not {type(record).__name__}")
        line = json.dumps(record, default=_json_value, allow_nan=False)
        parts.append(line)
        size += len(line)
        if size > PART_BYTES:
            yield ("\n".join(parts) + "\n").encode()
            parts, size = [], 0
    if parts:
        yield ("\n".join(parts) + "\n").encode()


def _json_value(value: Any) -> Any:
    from .conditions import scalar

    return scalar(value)


def to_pandas(table: pyarrow.Table, dtype_backend: str | None) -> pandas.DataFrame:
    """Integers with NULLs are pandas' nullable integers: as doubles, beyond 2^53 they would not be exact."""
    try:
        import pandas as pd
    except ImportError as error:
        raise Missing("pandas", "to_pandas()") from error
    if dtype_backend == "pyarrow":
        return table.to_pandas(types_mapper=pd.ArrowDtype)
    if dtype_backend is not None:
        raise ValueError(f'dtype_backend is None or "pyarrow", not {dtype_backend!r}')
    arrow = need_pyarrow("to_pandas()")
    nullable: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns):
        if column.null_count and arrow.types.is_integer(column.type):
            text = str(column.type)
            nullable[name] = ("U" + text[1:].capitalize()) if text.startswith("u") else text.capitalize()
        elif column.null_count and arrow.types.is_boolean(column.type):
            nullable[name] = "boolean"
    plain = table.drop_columns(list(nullable)) if nullable else table
    if len(set(table.column_names)) < table.num_columns:
        return table.to_pandas()
    frame = plain.to_pandas()
    for name, kind in nullable.items():
        dtype = pd.api.types.pandas_dtype(kind)
        frame[name] = dtype.__from_arrow__(table.column(name))  # type: ignore[union-attr]
    return frame[table.column_names] if nullable else frame


def polars_from_stream(source: Any) -> polars.DataFrame:
    """A frame of an Arrow stream's bytes."""
    pl = need_polars("to_polars()")
    found: polars.DataFrame = pl.read_ipc_stream(source)
    return found
