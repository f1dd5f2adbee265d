"""What the server refuses, as exceptions: one class for each code of docs/errors.md, with the problem's fields.

    try:
        client.dataset("orders").to_arrow()
    except canvasback.errors.DatasetNotFound as error:
        print(error.status, error.detail)

All of them are CanvasbackError. Two have no code of the server: Unreachable (no connection, so nothing is known about
what was sent) and Interrupted (an answer that broke off, of which nothing may be used as if it were whole).
"""

from __future__ import annotations

import json
from typing import Any


class CanvasbackError(Exception):
    """A problem document: `status`, `code`, `title`, `detail`, `instance`, `position` (byte of the SQL statement),
    `errors` (the first invalid records of a batch), and all of it as `problem`."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.problem = problem
        self.status = status
        self.code: str = str(problem.get("code", ""))
        self.title: str = str(problem.get("title", ""))
        self.detail: str = str(problem.get("detail", ""))
        self.instance: str | None = problem.get("instance")
        self.position: int | None = problem.get("position")
        self.errors: list[dict[str, Any]] = list(problem.get("errors", []))
        super().__init__(f"{self.code or status}: {self.detail or self.title}")

    def __reduce__(self) -> tuple[type[CanvasbackError], tuple[int, dict[str, Any]]]:
        return type(self), (self.status, self.problem)


class Unreachable(CanvasbackError):
    """No connection to the server, or it was lost before an answer began."""

    def __init__(self, url: str, reason: str) -> None:
        self.url, self.reason = url, reason
        super().__init__(0, {"code": "Unreachable", "title": "Unreachable", "detail": f"{url}: {reason}"})

    def __reduce__(self) -> tuple[type[Unreachable], tuple[str, str]]:  # type: ignore[override]
        return Unreachable, (self.url, self.reason)


class Interrupted(CanvasbackError):
    """An answer that broke off: the server ended it because of an error, or the connection was lost."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        detail = f"The answer broke off ({reason}); what came of it is not complete."
        super().__init__(0, {"code": "Interrupted", "title": "Interrupted", "detail": detail})

    def __reduce__(self) -> tuple[type[Interrupted], tuple[str]]:  # type: ignore[override]
        return Interrupted, (self.reason,)


class CanvasbackWarning(UserWarning):
    """Something that limits an answer: never silent, and not an error."""


class InvalidData(CanvasbackError): ...


class SchemaValidation(CanvasbackError): ...


class QueryInvalid(CanvasbackError): ...


class Unauthorized(CanvasbackError): ...


class Forbidden(CanvasbackError): ...


class QueryForbidden(CanvasbackError): ...


class NotFound(CanvasbackError): ...


class DatasetNotFound(NotFound): ...


class SchemaNotFound(NotFound): ...


class RecordNotFound(NotFound): ...


class QueryNotFound(NotFound): ...


class JobNotFound(NotFound): ...


class DashboardNotFound(NotFound): ...


class MethodNotAllowed(CanvasbackError): ...


class NotAcceptable(CanvasbackError): ...


class RequestTimeout(CanvasbackError): ...


class DuplicateRecord(CanvasbackError): ...


class JobConflict(CanvasbackError): ...


class CursorExpired(CanvasbackError): ...


class IdempotencyKeyInUse(CanvasbackError): ...


class PreconditionFailed(CanvasbackError): ...


class PayloadTooLarge(CanvasbackError): ...


class UriTooLong(CanvasbackError): ...


class UnsupportedMediaType(CanvasbackError): ...


class RangeNotSatisfiable(CanvasbackError): ...


class IdempotencyKeyReused(CanvasbackError): ...


class TooManyRequests(CanvasbackError): ...


class HeadersTooLarge(CanvasbackError): ...


class Cancelled(CanvasbackError): ...


class DataProcessing(CanvasbackError): ...


class Database(CanvasbackError): ...


class Repository(CanvasbackError): ...


class Unavailable(CanvasbackError): ...


class QueryTimeout(CanvasbackError): ...


class StorageLimit(CanvasbackError): ...


class MemoryLimit(CanvasbackError): ...


BY_CODE: dict[str, type[CanvasbackError]] = {
    name: each
    for name, each in list(globals().items())
    if isinstance(each, type) and issubclass(each, CanvasbackError)
    and each not in (CanvasbackError, Unreachable, Interrupted)
}  # fmt: skip


def error_of(status: int, body: bytes) -> CanvasbackError:
    """The exception of a refused request. A code that this client does not know is a CanvasbackError itself; an answer
    that is no problem document (a proxy's page) has its first characters as the detail."""
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {"title": f"HTTP {status}", "detail": body[:200].decode("utf-8", "replace").strip()}
    return BY_CODE.get(str(problem.get("code")), CanvasbackError)(status, problem)
