"""`view(anything)`: a frame, a dataset or a statement as a grid in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .dataset import Dataset
from .relation import Relation
from .server import serve_frame
from .statement import Statement

if TYPE_CHECKING:
    from .widget import Grid


def view(source: Any, *, height: int = 420) -> Grid:
    """A grid of all rows. A dataset or statement of a client is shown from its server; any frame (polars, pandas,
    pyarrow, a DuckDB relation, what has `__arrow_c_stream__`) is given to a private server, which ends with the grid.

    `height` in pixels. Raises ValueError for a selection that no view has (a sample, a limit of a dataset).
    """
    from .widget import Grid

    if isinstance(source, (Dataset, Statement)):
        return Grid(source.transport, source.view_spec(), height=height)
    if isinstance(source, Relation):
        raise TypeError(f"{source!r} cannot be shown as a grid")
    server = serve_frame(source)
    return Grid(server.client.transport, {"dataset": server.name}, height=height)
