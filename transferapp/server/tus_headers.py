"""Read tus 1.0 request headers strictly and give errors the statuses that tus asks for."""

from __future__ import annotations

import base64
import binascii
import re
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import Response

from transferapp import errors
from transferapp.protocol.problems import MEDIA_TYPE, status_of, to_problem
from transferapp.staging.checksums import ALGORITHMS
from transferapp.staging.port import Checksum

VERSION = "1.0.0"
BODY_TYPE = "application/offset+octet-stream"
EXTENSIONS = "creation,creation-with-upload,termination,checksum"
#: tus's own status for a part whose checksum differs.
CHECKSUM_MISMATCH = 460

#: A refused body of up to this many bytes is read away, so that its sender sees our answer
#: and not a broken connection.
_DRAIN_LIMIT = 32 << 20
_NUMBER = re.compile(r"[0-9]{1,18}")
_COMMON = {"tus-resumable": VERSION, "cache-control": "no-store"}


class Refusal(Exception):
    """An error together with the exact status that tus prescribes for it."""

    def __init__(self, status: int, message: str) -> None:
        """Say no with ``status`` and a sentence."""
        super().__init__(message)
        self.status = status
        self.error = errors.Invalid(message)


def answer(status: HTTPStatus, **headers: str | int) -> Response:
    """Make an answer without a body; ``upload_offset=5`` becomes ``upload-offset: 5``."""
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return Response(status_code=status, headers=_COMMON | named)


def problem_answer(error: errors.TransferAppError | Refusal, request: Headers) -> Response:
    """Make the problem+json answer for an error."""
    if isinstance(error, Refusal):
        status, problem = error.status, to_problem(error.error)
    else:
        mismatch = isinstance(error, errors.ChecksumMismatch)
        status = CHECKSUM_MISMATCH if mismatch else int(status_of(error))
        problem = to_problem(error)
    headers = dict(_COMMON)
    if status == HTTPStatus.PRECONDITION_FAILED:
        headers["tus-version"] = VERSION
    if problem.retry_after_s is not None:
        headers["retry-after"] = str(max(1, round(problem.retry_after_s)))
    if status == HTTPStatus.REQUEST_TIMEOUT or _body_size(request) > _DRAIN_LIMIT:
        headers["connection"] = "close"
    body = problem.model_copy(update={"status": status}).model_dump_json()
    return Response(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def number(request: Headers, name: str) -> int | None:
    """Return a header's whole number >= 0, None when it is absent; refuses other text."""
    text = request.get(name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{name} is not a number of bytes.")
    return int(text)


def needed_number(request: Headers, name: str) -> int:
    """Return a header's whole number; refuses a request without it."""
    found = number(request, name)
    if found is None:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{name} is missing.")
    return found


def metadata(request: Headers) -> dict[str, str]:
    """Read ``Upload-Metadata``: pairs of a name and a value in Base64."""
    found: dict[str, str] = {}
    for pair in request.get("upload-metadata", "").split(","):
        name, _, value = pair.strip().partition(" ")
        if name:
            found[name] = _base64(value, "Upload-Metadata").decode("utf-8", "replace")
    return found


def checksum(request: Headers) -> Checksum | None:
    """Read ``Upload-Checksum``: an algorithm and a digest in Base64."""
    header = request.get("upload-checksum")
    if header is None:
        return None
    algorithm, _, value = header.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            f"Checksums by '{algorithm}' are not known; use {', '.join(ALGORITHMS)}.",
        )
    return Checksum(algorithm, _base64(value, "Upload-Checksum"))


def must_speak_tus(request: Headers) -> None:
    """Refuse a client of another protocol version."""
    if request.get("tus-resumable") != VERSION:
        raise Refusal(
            HTTPStatus.PRECONDITION_FAILED, f"Send the header Tus-Resumable: {VERSION}."
        )


def must_carry_part(request: Headers) -> None:
    """Refuse a PATCH whose body is no part."""
    if request.get("content-type") != BODY_TYPE:
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send the header Content-Type: {BODY_TYPE}."
        )


def must_fit(request: Headers, room: int) -> None:
    """Refuse, before it is read, a body that is longer than what is missing."""
    if (number(request, "content-length") or 0) > room:
        raise Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "The part reaches beyond the size that the file was announced with.",
        )


def _body_size(request: Headers) -> int:
    text = request.get("content-length", "")
    return int(text) if _NUMBER.fullmatch(text) else 0


def _base64(text: str, header: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise Refusal(HTTPStatus.BAD_REQUEST, f"{header} is not in Base64.") from None
