"""Ask whether OMERO.web is where the settings say, without signing in."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import httpx

#: It is no part of an import: nobody waits long for it (seconds).
_PATIENCE_S = 5.0
#: What OMERO.web answers there is a line or two.
_MOST_BYTES = 64 << 10
_SETTING = "TRANSFERAPP_OMERO_WEB"


def web_fault(address: str) -> str:
    """Say what is wrong with OMERO.web's address; empty when OMERO.web answers there. Blocking;
    never raises.

    It is asked which versions its JSON API has (``/api/``), which it tells everybody.
    """
    asked = f"{address.rstrip('/')}/api/"
    try:
        status, body = _answer(asked)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        why = str(error) or type(error).__name__
        return (
            f"{asked} does not answer this computer ({why}). Check"
            f" {_SETTING}, that OMERO.web runs, and its certificate. Where only workstations"
            " reach it, open the address in a browser there instead."
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"{asked} answers {status}: look at the log of OMERO.web and of its web server."
    if status != HTTPStatus.OK or not _is_omero_web(body):
        return (
            f"Something else than OMERO.web answers at {asked} ({status}). {_SETTING} is the"
            " address in front of '/webclient', with the path under which OMERO.web is served."
        )
    return ""


def _answer(asked: str) -> tuple[int, bytes]:
    """Return status and (the beginning of) the body, behind redirects."""
    body = b""
    with (
        httpx.Client(timeout=_PATIENCE_S, follow_redirects=True) as client,
        client.stream("GET", asked, headers={"accept": "application/json"}) as response,
    ):
        for piece in response.iter_bytes():
            body += piece
            if len(body) > _MOST_BYTES:
                break
        return response.status_code, body


def _is_omero_web(body: bytes) -> bool:
    try:
        found = httpx.Response(HTTPStatus.OK, content=body).json()
    except ValueError:
        return False
    versions = found.get("data") if isinstance(found, Mapping) else None
    if not isinstance(versions, list):
        return False
    return any(isinstance(one, Mapping) and "url:base" in one for one in versions)
