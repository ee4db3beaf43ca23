"""What webhooks and their receivers agree on: addresses, secrets and signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

import httpx

from transferapp.errors import Invalid

_SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with


def new_secret() -> str:
    """Make the secret that a receiver checks signatures with."""
    return _SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return ``v1,<base64 of HMAC-SHA256>`` over id, time (seconds) and body."""
    key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def host_of(url: str) -> str:
    """Return the host of a URL, as DNS knows it; raises Invalid."""
    return httpx.URL(checked_url(url)).raw_host.decode("ascii").lower()


def checked_url(url: str) -> str:
    """Return a URL that a webhook may have; raises Invalid."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Invalid("The webhook's address is not a URL.") from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise Invalid("A webhook's address begins with https:// or http://.")
    if parsed.userinfo:
        raise Invalid("Leave user name and password out of the webhook's address.")
    return url
