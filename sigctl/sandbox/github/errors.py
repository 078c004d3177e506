"""The ways in which GitHub says no."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DOCS = "https://docs.github.com/rest"


class ApiError(Exception):
    """An answer other than success; what the request did so far is undone."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: dict[str, Any] = {"message": message, **fields}
        if errors is not None:
            self.body["errors"] = errors

    def document(self, docs: str) -> dict[str, Any]:
        """Return the JSON body."""
        return {**self.body, "documentation_url": docs, "status": str(self.status)}


def not_found() -> ApiError:
    """Return the answer for what does not exist, or is hidden from the caller."""
    return ApiError(404, "Not Found")


def forbidden(message: str = "Must have admin rights to Repository.") -> ApiError:
    """Return the answer for what the caller sees but may not do."""
    return ApiError(403, message)


def invalid(resource: str, field: str, code: str = "invalid", message: str = "", **more: Any) -> ApiError:
    """Return the answer for a value that GitHub refuses."""
    error: dict[str, Any] = {"resource": resource, "code": code, "field": field, **more}
    if message:
        error["message"] = message
    return ApiError(422, "Validation Failed", errors=[error])


def unprocessable(message: str) -> ApiError:
    """Return the answer for a request that is understood and refused, told in one sentence."""
    return ApiError(422, message)
