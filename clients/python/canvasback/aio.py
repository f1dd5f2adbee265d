"""The async twin: the same client for programs on asyncio. Each request runs on a thread of the loop's executor;
cancelling the task closes its connection, which stops the work on the server.

    async with AsyncClient() as client:
        table = await client.dataset("flights").filter(origin="SFO").to_arrow()
        async for batch in client.sql("SELECT * FROM flights").batches():
            ...
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from .arrow import Batch
from .client import Client, Ingested
from .conditions import Condition
from .dataset import Dataset
from .progress import Wanted
from .relation import Format, Receipt, Relation
from .statement import Parameters, Statement
from .transport import Scope, scope

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

T = TypeVar("T")
R = TypeVar("R", bound=Relation)


async def _run(function: Callable[[], T], own: Scope | None = None) -> T:
    """Runs a function that makes requests; a cancelled task cancels them and waits for the thread to let go."""
    own = own or Scope()
    token = scope.set(own)
    try:
        work = asyncio.ensure_future(asyncio.to_thread(function))
    finally:
        scope.reset(token)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        own.cancel()
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # what the closed connection led to is no news
        raise


async def _each(make: Callable[[], Iterator[T]]) -> AsyncIterator[T]:
    """The items of an iterator that makes requests, each from a thread. Leaving the loop early cancels the rest."""
    own = Scope()
    ended = object()
    iterator = await _run(make, own)
    try:
        while True:
            item = await _run(lambda: next(iterator, ended), own)
            if item is ended:
                return
            yield item  # type: ignore[misc]
    finally:
        own.cancel()
        await asyncio.to_thread(iterator.close)  # type: ignore[attr-defined]


class AsyncRelation(Generic[R]):
    """Rows of a server, not read yet; `relation` is the same for programs that wait."""

    def __init__(self, relation: R) -> None:
        self.relation = relation

    def filter(self, *conditions: Condition | Mapping[str, Any], **equal: Any) -> AsyncRelation[R]:
        return AsyncRelation(self.relation.filter(*conditions, **equal))

    def select(self, *columns: str) -> AsyncRelation[R]:
        return AsyncRelation(self.relation.select(*columns))

    def sort(self, *keys: str) -> AsyncRelation[R]:
        return AsyncRelation(self.relation.sort(*keys))

    def limit(self, rows: int) -> AsyncRelation[R]:
        return AsyncRelation(self.relation.limit(rows))

    def head(self, rows: int = 10) -> AsyncRelation[R]:
        return self.limit(rows)

    async def count(self) -> int:
        return await _run(self.relation.count)

    async def to_arrow(self) -> pyarrow.Table:
        return await _run(self.relation.to_arrow)

    async def to_polars(self) -> polars.DataFrame:
        return await _run(self.relation.to_polars)

    async def to_pandas(self, dtype_backend: Literal["pyarrow"] | None = None) -> pandas.DataFrame:
        return await _run(lambda: self.relation.to_pandas(dtype_backend))

    async def to_list(self) -> list[dict[str, Any]]:
        return await _run(self.relation.to_list)

    async def export(self, path: str | os.PathLike[str], format: Format | None = None, *,
                     compression: str | None = None, progress: Wanted = True) -> Receipt:  # fmt: skip
        return await _run(lambda: self.relation.export(path, format, compression=compression, progress=progress))

    def batches(self) -> AsyncIterator[pyarrow.RecordBatch]:
        return _each(self.relation.batches)

    def values(self) -> AsyncIterator[Batch]:
        return _each(self.relation.values)

    def __repr__(self) -> str:
        return f"<async canvasback {self.relation.label}>"


class AsyncClient:
    """As Client; see there."""

    def __init__(self, url: str | None = None, key: str | None = None, *, timeout_s: float = 300.0) -> None:
        self.client = Client(url, key, timeout_s=timeout_s)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.close()

    def dataset(self, name: str) -> AsyncRelation[Dataset]:
        return AsyncRelation(self.client.dataset(name))

    def sql(self, statement: str, parameters: Parameters = ()) -> AsyncRelation[Statement]:
        return AsyncRelation(self.client.sql(statement, parameters))

    def of(self, relation: R) -> AsyncRelation[R]:
        """Any relation of `client`, chosen by its own methods (sample, offset, sql over a selection …)."""
        return AsyncRelation(relation)

    async def datasets(self) -> list[dict[str, Any]]:
        return await _run(self.client.datasets)

    async def health(self) -> dict[str, Any]:
        return await _run(self.client.health)

    async def ingest(self, source: Any, collection: str | None = None, *,
                     on_error: Literal["reject", "quarantine"] | None = None,
                     on_conflict: Literal["reject", "update", "ignore"] | None = None, cast: bool | None = None,
                     progress: Wanted = False) -> Ingested:  # fmt: skip
        return await _run(lambda: self.client.ingest(source, collection, on_error=on_error, on_conflict=on_conflict,
                                                     cast=cast, progress=progress))  # fmt: skip

    async def jobs(self) -> list[dict[str, Any]]:
        return await _run(self.client.jobs)
