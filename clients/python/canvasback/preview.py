"""The first rows of a relation as HTML for notebooks: bounded in rows, columns, characters and bytes read, and it says
what it leaves out."""

from __future__ import annotations

import html as markup
import json
from typing import TYPE_CHECKING, Any

from .errors import CanvasbackError, Interrupted

if TYPE_CHECKING:
    from .relation import Relation

ROWS_MAX = 10
COLUMNS_MAX = 20
CELL_CHARACTERS_MAX = 100
BYTES_MAX = 4 << 20


def html(relation: Relation) -> str:
    """A table of 10 rows, 20 columns and 100 characters a cell at most; an error as its message. Reads up to 4 MiB."""
    title = f"<p><code>{markup.escape(relation.label)}</code></p>"
    try:
        document = _first_rows(relation)
    except CanvasbackError as error:
        return f"{title}<p><b>{markup.escape(error.code)}</b>: {markup.escape(error.detail)}</p>"
    if document is None:
        return f"{title}<p>The first {ROWS_MAX} rows have more than {BYTES_MAX >> 20} MiB and are not shown.</p>"
    columns, rows = document["columns"], document["rows"]
    head = "".join(f"<th>{markup.escape(each['name'])}<br><small>{markup.escape(each['type'])}</small></th>"
                   for each in columns[:COLUMNS_MAX])  # fmt: skip
    body = "".join("<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row[:COLUMNS_MAX]) + "</tr>"
                   for row in rows[:ROWS_MAX])  # fmt: skip
    return f"{title}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{_left_out(document)}</p>"


def _first_rows(relation: Relation) -> dict[str, Any] | None:
    with relation._answer("json", limit=ROWS_MAX + 1) as answer:
        text = bytearray()
        while part := answer.read(1 << 16):
            text += part
            if len(text) > BYTES_MAX:
                return None
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise Interrupted(str(error)) from error
    return found


def _cell(value: Any) -> str:
    if value is None:
        return "<i>null</i>"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) > CELL_CHARACTERS_MAX:
        text = text[: CELL_CHARACTERS_MAX - 1] + "…"
    return markup.escape(text)


def _left_out(document: dict[str, Any]) -> str:
    columns, rows = len(document["columns"]), len(document["rows"])
    more = rows > ROWS_MAX
    total, exact = document.get("total_rows"), document.get("total_exact")
    text = f"{min(rows, ROWS_MAX)} rows" if not more else f"the first {ROWS_MAX} rows"
    if more and total is not None and total > ROWS_MAX + 1:
        text += f" of {total:,}" if exact else f" of about {total:,}"
    elif more:
        text += "; there are more"
    if columns > COLUMNS_MAX:
        text += f", {COLUMNS_MAX} of {columns:,} columns"
    return markup.escape(text)
