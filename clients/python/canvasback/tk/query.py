"""What the window shows, as a value: a dataset or a statement, its conditions, search and order; and its two forms, a
view of the stream and a relation for exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..conditions import Condition, col
from ..texts import is_number

if TYPE_CHECKING:
    from ..client import Client
    from ..relation import Relation

OPERATIONS = {"=": "eq", "≠": "ne", "<": "lt", "≤": "le", ">": "gt", "≥": "ge", "contains": "contains",
              "like": "like", "is null": "is_null", "is not null": "not_null"}  # fmt: skip


@dataclass(frozen=True)
class Term:
    """One condition as the filter bar has it; the value is text and compared as the column's type."""

    column: str
    operation: str
    value: str

    @property
    def condition(self) -> Condition:
        op = OPERATIONS[self.operation]
        if op == "is_null":
            return col(self.column).is_null()
        if op == "not_null":
            return ~col(self.column).is_null()
        return Condition({self.column: {"op": op, "value": self.value}})

    @property
    def text(self) -> str:
        return f"{self.column} {self.operation} {self.value}".rstrip()


@dataclass(frozen=True)
class Query:
    dataset: str | None = None
    sql: str | None = None
    terms: tuple[Term, ...] = ()
    search: str = ""
    order: tuple[tuple[str, bool], ...] = ()  # column, descending

    def sorted_by(self, column: str, more: bool) -> Query:
        """A click on a header: ascending, descending, not at all; `more` keeps the other columns."""
        now = dict(self.order)
        others = tuple(key for key in self.order if key[0] != column) if more else ()
        if column not in now:
            return replace(self, order=(*others, (column, False)))
        return replace(self, order=others if now[column] else (*others, (column, True)))

    @property
    def condition(self) -> Condition | None:
        whole: Condition | None = None
        for term in self.terms:
            whole = term.condition if whole is None else whole & term.condition
        return whole

    def view_spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = {"dataset": self.dataset} if self.sql is None else {"sql": self.sql}
        if self.condition is not None:
            spec["filter"] = self.condition.filter
        if self.search:
            spec["search"] = self.search
        if self.order:
            spec["sort"] = [{"column": name, "descending": descending} for name, descending in self.order]
        return spec

    def relation(self, client: Client, columns: list[Mapping[str, str]]) -> Relation:
        """The same rows over HTTP, which has no search: it is the condition that some column contains the text."""
        found: Relation = client.dataset(self.dataset or "") if self.sql is None else client.sql(self.sql)
        if self.condition is not None:
            found = found.filter(self.condition)
        if self.search:
            found = found.filter({"or": [{each["name"]: {"op": "contains", "value": self.search}} for each in columns]})
        if self.order:
            found = found.sort(*(("-" if descending else "") + name for name, descending in self.order))
        return found

    @property
    def title(self) -> str:
        return self.dataset or "SQL result"


def default_operation(sql_type: str) -> str:
    return "=" if is_number(sql_type) or sql_type in ("DATE", "BOOLEAN") else "contains"
