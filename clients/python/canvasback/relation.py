"""What can be read: the common half of datasets and statements. Nothing is asked for until rows are wanted, and each
way of reading asks anew, so that everything here can be read twice."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import pathlib
import secrets
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from . import frames, preview
from .arrow import Batch, Field, read_batches
from .conditions import Condition
from .errors import CanvasbackWarning, Interrupted
from .progress import Wanted, Watch, display_of
from .transport import READ_BYTES, Answer, Transport

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow
    from typing_extensions import Self

Format = Literal["json", "ndjson", "csv", "arrow", "arrow_file", "parquet", "xlsx"]
FORMATS: dict[str, Format] = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv",
                              ".arrow": "arrow_file", ".feather": "arrow_file", ".arrows": "arrow",
                              ".parquet": "parquet", ".xlsx": "xlsx"}  # fmt: skip


@dataclass(frozen=True)
class Receipt:
    """A finished export: the file, its rows and bytes, and the SHA-256 that server and client agree on."""

    path: pathlib.Path
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class ColumnType:
    name: str
    sql_type: str


class Relation(ABC):
    """Rows of a server, not read yet."""

    transport: Transport

    @abstractmethod
    def _open(self, format: Format, *, compression: str | None = None, limit: int | None = None,
              job: str | None = None) -> Answer:  # fmt: skip
        """Begins an answer; `limit` on top of the one of the relation."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What this is, in a few words."""

    @abstractmethod
    def filter(self, *conditions: Condition | Mapping[str, Any], **equal: Any) -> Self: ...

    @abstractmethod
    def select(self, *columns: str) -> Self: ...

    @abstractmethod
    def sort(self, *keys: str) -> Self: ...

    @abstractmethod
    def limit(self, rows: int) -> Self: ...

    @abstractmethod
    def count(self) -> int:
        """How many rows there are, exactly."""

    @abstractmethod
    def _sql_types(self) -> dict[str, str]:
        """Column → SQL type, for what may be pushed down."""

    def head(self, rows: int = 10) -> Self:
        return self.limit(rows)

    # --- Reading ---------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _answer(self, format: Format = "arrow", *, compression: str | None = None,
                limit: int | None = None) -> Iterator[Answer]:  # fmt: skip
        """An answer that is closed, and so cancelled on the server, however its reading ends."""
        answer = self._open(format, compression=compression, limit=limit)
        try:
            yield answer
        finally:
            answer.close()

    def open(self, format: Format = "arrow", *, compression: str | None = None) -> Answer:
        """The bytes of an answer in any format, as a file to be read and closed."""
        return self._open(format, compression=compression)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Rows as dicts, streamed, with Python's types; needs no other package (see canvasback.arrow for the types)."""
        with self._answer() as answer:
            for batch in read_batches(io.BufferedReader(answer, READ_BYTES)):
                if len(set(batch.names)) < len(batch.names):
                    raise ValueError(f"two columns have one name: {', '.join(batch.names)}; rename them in SQL")
                for row in zip(*batch.columns):
                    yield dict(zip(batch.names, row))

    def values(self) -> Iterator[Batch]:
        """Record batches as lists of Python values, one for each column."""
        with self._answer() as answer:
            yield from read_batches(io.BufferedReader(answer, READ_BYTES))

    @property
    def fields(self) -> list[Field]:
        """The columns, from an answer without rows."""
        with self._answer(limit=0) as answer:
            return next(read_batches(io.BufferedReader(answer, READ_BYTES))).fields

    @property
    def schema(self) -> pyarrow.Schema:
        return self._empty().schema

    def _empty(self) -> pyarrow.Table:
        frames.need_pyarrow("schema")
        import pyarrow.ipc

        with self._answer(limit=0) as answer:
            return pyarrow.ipc.open_stream(answer).read_all()

    def to_arrow(self) -> pyarrow.Table:
        """All rows as a pyarrow Table."""
        arrow = frames.need_pyarrow("to_arrow()")
        with self._answer() as answer:
            table: pyarrow.Table = arrow.ipc.open_stream(answer).read_all()
            _read_to_the_end(answer)
            return table

    def to_polars(self) -> polars.DataFrame:
        """All rows as a polars DataFrame; without pyarrow its bytes are read whole first."""
        pl = frames.need_polars("to_polars()")
        try:
            import pyarrow.ipc  # noqa: F401
        except ImportError:
            with self._answer() as answer:
                return frames.polars_from_stream(io.BytesIO(answer.readall()))
        found: polars.DataFrame = pl.from_arrow(self.to_arrow())
        return found

    def to_pandas(self, dtype_backend: Literal["pyarrow"] | None = None) -> pandas.DataFrame:
        """All rows as a pandas DataFrame. Integers with NULLs are pandas' nullable ones; "pyarrow" keeps every type."""
        return frames.to_pandas(self.to_arrow(), dtype_backend)

    def to_list(self) -> list[dict[str, Any]]:
        return list(self.rows())

    def batches(self) -> Iterator[pyarrow.RecordBatch]:
        """Record batches as they arrive, in constant memory. Leaving the loop cancels the rest on the server."""
        arrow = frames.need_pyarrow("batches()")
        with self._answer() as answer:
            yield from arrow.ipc.open_stream(answer)
            _read_to_the_end(answer)

    def reader(self) -> pyarrow.RecordBatchReader:
        """A pyarrow RecordBatchReader over a new answer."""
        arrow = frames.need_pyarrow("reader()")
        answer = self._open("arrow")
        try:
            found: pyarrow.RecordBatchReader = arrow.ipc.open_stream(answer)
            return found
        except BaseException:
            answer.close()
            raise

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The Arrow PyCapsule interface: each call reads anew."""
        reader: Any = self.reader()
        found: object = reader.__arrow_c_stream__(requested_schema)
        return found

    def scan(self) -> polars.LazyFrame:
        """A polars LazyFrame: the columns it uses, and conditions that mean the same there and here, are left to the
        server; the others polars applies itself."""
        from .polars_scan import scan

        return scan(self)

    # --- Files -----------------------------------------------------------------------------------------------------

    def export(self, path: str | os.PathLike[str], format: Format | None = None, *, compression: str | None = None,
               progress: Wanted = True) -> Receipt:  # fmt: skip
        """Writes a file, streamed, of the format that its name tells. `path` has it only when it is complete; until
        then it is `path.part`, removed when the export fails or is stopped (Ctrl-C stops the server's work too).

        `progress`: True draws a bar (tqdm, rich, or a line on a terminal), a function is called with Progress.
        """
        target = pathlib.Path(path)
        chosen: Format | None = format or FORMATS.get(target.suffix.lower())
        if chosen is None:
            known = ", ".join(sorted(set(FORMATS.values())))
            raise ValueError(f"no format is known for {target.name!r}; name one of {known}")
        token = "py-" + secrets.token_hex(12)
        part = target.with_name(target.name + ".part")
        digest, size = hashlib.sha256(), 0
        answer = self._open(chosen, compression=compression, job=token)
        try:
            watch = Watch(self.transport, token, display_of(progress, target.name))
            with watch, open(part, "wb") as file:
                buffer = bytearray(READ_BYTES)
                view = memoryview(buffer)
                while count := answer.readinto(buffer):
                    file.write(view[:count])
                    digest.update(view[:count])
                    size += count
                file.flush()
                os.fsync(file.fileno())
            receipt = self._receipt(watch, target, size, digest.hexdigest())
            os.replace(part, target)
            return receipt
        finally:
            answer.close()
            part.unlink(missing_ok=True)

    def _receipt(self, watch: Watch, target: pathlib.Path, size: int, sha256: str) -> Receipt:
        """Compares what arrived with what the server says that it sent."""
        watch.finished()
        said = (watch.job or {}).get("receipt")
        if said is None:
            raise Interrupted("the server gave no receipt for this file")
        if (said["bytes"], said["sha256"]) != (size, sha256):
            raise Interrupted(f"the server sent {said['bytes']} bytes, {size} arrived, or others")
        return Receipt(target, said["rows"], size, sha256)

    # --- Showing ---------------------------------------------------------------------------------------------------

    def _repr_html_(self) -> str:
        return preview.html(self)

    def __repr__(self) -> str:
        return f"<canvasback {self.label}>"


def _read_to_the_end(answer: Answer) -> None:
    """Behind Arrow's end marker comes the last chunk: only with it is the answer whole, and the connection free."""
    if answer.read(1):
        raise Interrupted("there are bytes behind the end of the Arrow stream")


def warn_limited(text: str, level: int = 3) -> None:
    warnings.warn(text, CanvasbackWarning, stacklevel=level)
