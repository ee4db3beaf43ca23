"""Uploads in parts that a killed worker left unfinished in an S3 bucket: found, and ended.

Their parts take room that no list of objects shows. obstore can neither list nor end them, so
two requests of S3 are made and signed here (AWS Signature Version 4).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element

import httpx
from defusedxml import DefusedXmlException, ElementTree

from transferapp.errors import PlaceUnavailable
from transferapp.host.clock import Clock

_ALGORITHM = "AWS4-HMAC-SHA256"
_NOTHING = hashlib.sha256(b"").hexdigest()
#: Lists of one question; a store that keeps saying that there is more is not believed.
_MOST_PAGES = 100
_TIMEOUT = httpx.Timeout(60.0, connect=10.0)


@dataclass(frozen=True, slots=True)
class BucketAddress:
    """A bucket and who signs in to it; the secret is never shown."""

    endpoint: str
    region: str
    bucket: str
    #: Before every key, with its "/" at the end; may be empty.
    prefix: str
    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    key: str
    query: Mapping[str, str]


class UnfinishedUploads:
    """The unfinished uploads of one bucket."""

    def __init__(self, address: BucketAddress, clock: Clock) -> None:
        """Ask the store at ``address``; requests are signed with the time of ``clock``."""
        self._address, self._clock = address, clock

    async def end(self, key: str) -> int:
        """End those of an object, or of all below it; returns how many. What still uploads one
        of these fails. Raises PlaceUnavailable.
        """
        wanted = f"{self._address.prefix}{key}"
        ended = 0
        async with httpx.AsyncClient(timeout=_TIMEOUT) as http:
            for _ in range(_MOST_PAGES):
                found = await self._list(http, wanted)
                mine = [one for one in found if _is_of(one[0], wanted)]
                for upload_key, upload_id in mine:
                    await self._send(
                        http, _Request("DELETE", upload_key, {"uploadId": upload_id})
                    )
                ended += len(mine)
                # What was ended is not listed again: the next list is the next page.
                if not mine:
                    break
        return ended

    async def _list(self, http: httpx.AsyncClient, prefix: str) -> list[tuple[str, str]]:
        answer = await self._send(http, _Request("GET", "", {"prefix": prefix, "uploads": ""}))
        try:
            return list(_uploads(ElementTree.fromstring(answer.content)))
        except (ElementTree.ParseError, DefusedXmlException) as error:
            raise PlaceUnavailable("The object store gave an answer that is none.") from error

    async def _send(self, http: httpx.AsyncClient, request: _Request) -> httpx.Response:
        url, headers = self._signed(request)
        try:
            answer = await http.request(request.method, url, headers=headers)
        except httpx.HTTPError as error:
            raise PlaceUnavailable("The object store does not answer.") from error
        gone = request.method == "DELETE" and answer.status_code == HTTPStatus.NOT_FOUND
        if not (answer.is_success or gone):
            raise PlaceUnavailable(
                f"The object store does not end unfinished uploads ({answer.status_code})."
            )
        return answer

    def _signed(self, request: _Request) -> tuple[str, dict[str, str]]:
        address, now = self._address, self._clock.now()
        base = urlsplit(address.endpoint)
        path = quote(f"{base.path.rstrip('/')}/{address.bucket}", safe="/~")
        if request.key:
            path += f"/{quote(request.key, safe='/~')}"
        query = "&".join(
            f"{quote(name, safe='~')}={quote(value, safe='~')}"
            for name, value in sorted(request.query.items())
        )
        headers = {
            "host": base.netloc,
            "x-amz-content-sha256": _NOTHING,
            "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
        }
        signed = ";".join(headers)
        lines = [f"{name}:{value}" for name, value in headers.items()]
        canonical = "\n".join(
            [request.method, path, query, *lines, "", signed, _NOTHING],
        )
        scope = f"{now:%Y%m%d}/{address.region}/s3/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        stated = "\n".join([_ALGORITHM, headers["x-amz-date"], scope, digest])
        signature = hmac.new(self._key(now), stated.encode(), "sha256").hexdigest()
        headers["authorization"] = (
            f"{_ALGORITHM} Credential={address.key_id}/{scope}, SignedHeaders={signed},"
            f" Signature={signature}"
        )
        return f"{base.scheme}://{base.netloc}{path}?{query}", headers

    def _key(self, now: datetime) -> bytes:
        key = f"AWS4{self._address.secret}".encode()
        for part in (f"{now:%Y%m%d}", self._address.region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


def _is_of(key: str, wanted: str) -> bool:
    return key == wanted or key.startswith(f"{wanted}/")


def _uploads(document: Element) -> Iterator[tuple[str, str]]:
    """Yield key and id of each upload, in whatever namespace."""
    for upload in document.iter():
        if upload.tag.rpartition("}")[2] == "Upload":
            texts = {one.tag.rpartition("}")[2]: one.text or "" for one in upload}
            if texts.get("Key") and texts.get("UploadId"):
                yield texts["Key"], texts["UploadId"]
