"""Canvasback for Python: datasets of any size as frames, statements, records, and a grid for a billion rows.

    import canvasback as cb

    client = cb.Client("http://localhost:8080")
    late = client.dataset("flights").filter(cb.col("delay") > 60).select("date", "origin", "delay")
    late.to_polars()

The core needs nothing but Python. pyarrow, polars and pandas are used where they are installed (extras of the package).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import errors
from .aio import AsyncClient
from .client import Client, Ingested
from .conditions import Condition, col
from .dataset import Dataset
from .errors import CanvasbackError, CanvasbackWarning
from .progress import Progress
from .relation import Receipt, Relation
from .seeds import IngestionEngine, QueryEngine
from .server import Server, serve
from .statement import Statement
from .test_data import TestDataGenerator
from .version import VERSION as __version__
from .view import view

if TYPE_CHECKING:
    ingestion_engine: IngestionEngine
    query_engine: QueryEngine

__all__ = [
    "__version__",
    "AsyncClient", "CanvasbackError", "CanvasbackWarning", "Client", "Condition", "Dataset", "Ingested",
    "IngestionEngine", "Progress", "QueryEngine", "Receipt", "Relation", "Server", "Statement",
    "TestDataGenerator", "col", "errors", "ingestion_engine", "query_engine", "serve", "view",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    # Made at first use: CANVASBACK_URL may be set, or wrong, by a program that uses neither.
    if name == "ingestion_engine":
        globals()[name] = IngestionEngine()
    elif name == "query_engine":
        globals()[name] = QueryEngine()
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals()[name]
