"""Errors over HTTP: RFC 9457 problem+json, both ways."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import BaseModel

from transferapp import error_codes, errors

MEDIA_TYPE = "application/problem+json"

#: The branch of the error tree decides the status; a leaf may be more exact.
STATUS: dict[type[errors.TransferAppError], HTTPStatus] = {
    errors.StorageFull: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.Busy: HTTPStatus.TOO_MANY_REQUESTS,
    errors.SignInFailed: HTTPStatus.UNAUTHORIZED,
    errors.GrantRefused: HTTPStatus.UNAUTHORIZED,
    # Not 404: zarr clients take that for an empty part of the image.
    errors.SignedUrlEnded: HTTPStatus.GONE,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Denied: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Corrupt: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Cancelled: HTTPStatus.CONFLICT,
    errors.TransferAppError: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class Problem(BaseModel):
    """The body of an error answer."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    retryable: bool = False
    retry_after_s: float | None = None


def status_of(error: errors.TransferAppError) -> HTTPStatus:
    """Return the HTTP status of the nearest listed ancestor."""
    for cls in type(error).__mro__:
        if cls in STATUS:
            return STATUS[cls]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def to_problem(error: errors.TransferAppError) -> Problem:
    """Turn an error into its body."""
    return Problem(
        title=error.title,
        status=int(status_of(error)),
        detail=error.message,
        code=error.code,
        retryable=error.retryable,
        retry_after_s=error.retry_after_s,
    )


def from_problem(problem: Problem) -> errors.TransferAppError:
    """Rebuild the error on the other side."""
    return error_codes.from_code(
        problem.code, problem.detail, retry_after_s=problem.retry_after_s
    )
