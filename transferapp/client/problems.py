"""The one place where an answer or exception of httpx becomes an error of ours."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import httpx
import pydantic

from transferapp import error_codes, errors
from transferapp.protocol.problems import Problem, from_problem

#: For answers that are no problem+json: a proxy, a captive portal, another program.
_BY_STATUS: dict[int, type[errors.TransferAppError]] = {
    HTTPStatus.UNAUTHORIZED: errors.GrantRefused,
    HTTPStatus.FORBIDDEN: errors.Denied,
    HTTPStatus.NOT_FOUND: errors.NotFound,
    HTTPStatus.REQUEST_TIMEOUT: errors.ServerUnreachable,
    HTTPStatus.CONFLICT: errors.Conflict,
    HTTPStatus.TOO_MANY_REQUESTS: errors.Busy,
    HTTPStatus.INSUFFICIENT_STORAGE: errors.StorageFull,
}


def raise_for_problem(response: httpx.Response) -> httpx.Response:
    """Return a good answer; raise the error that a bad one stands for.

    A streamed answer is read here when it is sync; ``await response.aread()`` before when
    it is async.
    """
    if response.is_success or response.status_code == HTTPStatus.NOT_MODIFIED:
        return response
    raise error_of(response)


def error_of(response: httpx.Response) -> errors.TransferAppError:
    """Rebuild the error of a bad answer; falls back to the status where there is no body."""
    retry_after_s = _retry_after_s(response)
    problem = _problem(response)
    if problem is None or problem.code not in error_codes.all_errors():
        error = _by_status(response, problem)
    else:
        error = from_problem(problem)
    if error.retry_after_s is None:
        error.retry_after_s = retry_after_s
    return error


@contextmanager
def translated(
    unreachable: type[errors.Unavailable] = errors.ServerUnreachable,
) -> Iterator[None]:
    """Turn httpx's and pydantic's exceptions into ours while talking to a server.

    Raises ``unreachable`` for a dead connection (AgentUnreachable on the agent's socket),
    SettingsInvalid for an address that is none, Internal for an answer of another shape.
    """
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise errors.SettingsInvalid(
            "The server address is not right. Write it like https://transfer.example.org."
        ) from error
    except httpx.ConnectError as error:
        raise unreachable(_certificate_message(error)) from error
    except httpx.ReadTimeout as error:
        # It took the connection: no cable is loose, and the address is right.
        raise unreachable(
            "The server took the request but did not answer in time; it may be very busy."
            " Nothing is lost; try again in a moment."
        ) from error
    except (httpx.RequestError, httpx.StreamError) as error:
        raise unreachable from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise unreachable(
            "Something other than TransferApp answers at this address. Check the address"
            " and whether the network asks for a login."
        ) from error
    except pydantic.ValidationError as error:
        raise errors.Internal(
            "The answer was not understood. The other side may have another version of"
            " TransferApp; update the older one."
        ) from error


def _problem(response: httpx.Response) -> Problem | None:
    try:
        response.read()
        return Problem.model_validate_json(response.content)
    except (RuntimeError, httpx.StreamError, pydantic.ValidationError):
        # RuntimeError: an async answer that nobody has read; its status must do.
        return None


def _by_status(response: httpx.Response, problem: Problem | None) -> errors.TransferAppError:
    status = response.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        fallback: type[errors.TransferAppError] = errors.ServerUnreachable
    else:
        fallback = errors.Invalid
    cls = _BY_STATUS.get(status, fallback)
    if problem is not None:
        return cls(problem.detail, retry_after_s=problem.retry_after_s)
    if cls is errors.ServerUnreachable:
        return cls(f"The server answered {status}. Nothing is lost; it is tried again.")
    return cls()


def _retry_after_s(response: httpx.Response) -> float | None:
    # The HTTP-date form is rare and asks for a clock; the queue's own back-off does then.
    text = response.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None


def _certificate_message(error: httpx.ConnectError) -> str | None:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return (
                "The server's certificate is not trusted here. Ask your administrator to"
                " install the certificate authority on this computer."
            )
        seen = seen.__cause__ or seen.__context__
    return None
