"""Signatures of receipts: Ed25519 in a compact JWS (RFC 7515), checked with public keys only.

One algorithm, and every character counts: joserfc refuses what decodes to the same bytes and
is spelled otherwise, so that no two files are the same receipt (docs/adr/0032).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import OKPKey
from pydantic import TypeAdapter, ValidationError

from transferapp.errors import DamagedReceipt, Invalid, ReceiptKeyUnknown
from transferapp.receipts.document import LARGEST, Receipt

ALGORITHM = "Ed25519"
TYPE = "transferapp-receipt+jws"
_CURVE: Final = "Ed25519"
_HEADER = frozenset({"alg", "kid", "typ"})
_JWK = TypeAdapter(dict[str, str])


class _Registry(jws.JWSRegistry):
    """Takes receipts of any length that we read."""

    max_payload_length = LARGEST


_REGISTRY = _Registry(algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt whose signature is good, and the id of the key that it was signed with."""

    receipt: Receipt
    key_id: str


def new_key() -> OKPKey:
    """Make a key to sign with; its id is the thumbprint of RFC 7638."""
    return key_of(OKPKey.generate_key(_CURVE).as_dict(private=True))


def key_of(jwk: Mapping[str, object]) -> OKPKey:
    """Read a key, private or public; raises Invalid for any that is not of Ed25519."""
    try:
        stated = _JWK.validate_python({name: jwk.get(name, "") for name in ("kty", "crv", "x")})
        if (stated["kty"], stated["crv"]) != ("OKP", _CURVE):
            raise Invalid(f"A key is not of {_CURVE}.")
        private = {"d": str(jwk["d"])} if "d" in jwk else {}
        bare = OKPKey.import_key({**stated, **private})
        key = OKPKey.import_key({**stated, **private, "kid": bare.thumbprint()})
    except (JoseError, ValidationError, ValueError, TypeError, AttributeError) as error:
        raise Invalid("A key is damaged.") from error
    return key


def public_jwk(key: OKPKey) -> dict[str, str]:
    """Return what anybody may know of a key."""
    stated = key.as_dict(private=False)
    return {name: str(stated[name]) for name in ("kty", "crv", "x", "kid")} | {
        "alg": ALGORITHM,
        "use": "sig",
    }


def sign(receipt: Receipt, key: OKPKey) -> bytes:
    """Return a receipt's file: one line."""
    header = {"alg": ALGORITHM, "kid": str(key.kid), "typ": TYPE}
    text = jws.serialize_compact(header, receipt.to_bytes(), key, registry=_REGISTRY)
    return text.encode() + b"\n"


def verify(content: bytes, keys: Iterable[OKPKey]) -> SignedReceipt:
    """Check a receipt's file with public keys; raises DamagedReceipt when it is not as it was
    signed, ReceiptKeyUnknown when it names none of these keys.
    """
    line, key_id = _checked_form(content)
    known = {str(key.kid): key for key in keys}
    if key_id not in known:
        raise ReceiptKeyUnknown(
            f"Nothing is proven, for or against this receipt: the key {key_id} that it names is"
            " not known here. Sign in to the server that made it ('transferapp login'), or"
            " give its keys with --keys."
        )
    try:
        found = jws.deserialize_compact(line, known[key_id], registry=_REGISTRY)
    except BadSignatureError as error:
        raise DamagedReceipt(
            "Its signature does not fit: it was changed after it was signed, or somebody else"
            " made it. Do not rely on it; save it anew."
        ) from error
    except (JoseError, ValueError) as error:
        raise _damaged() from error
    return SignedReceipt(Receipt.of_bytes(found.payload), key_id)


def key_set(keys: Iterable[OKPKey]) -> dict[str, list[dict[str, str]]]:
    """Return public keys as a JWK Set (RFC 7517)."""
    return {"keys": [public_jwk(key) for key in keys]}


def keys_of_set(found: object) -> list[OKPKey]:
    """Read a JWK Set; raises Invalid. What it holds of private keys is not kept."""
    if not isinstance(found, Mapping) or not isinstance(found.get("keys"), list):
        raise Invalid("This is no JWK Set: a JSON object with a list 'keys'.")
    return [key_of(public_jwk(key_of(jwk))) for jwk in found["keys"]]


def _checked_form(content: bytes) -> tuple[bytes, str]:
    """Return the one line and the key's id, of what is spelled as we spell it."""
    if len(content) > LARGEST:
        raise DamagedReceipt(f"A receipt has at most {LARGEST >> 20} MiB.")
    line = content.removesuffix(b"\n")
    try:
        found = jws.extract_compact(line, registry=_REGISTRY)
        header = found.protected
    except (JoseError, ValueError, TypeError) as error:
        raise _damaged() from error
    if set(header) != _HEADER or (header["alg"], header["typ"]) != (ALGORITHM, TYPE):
        raise _damaged()
    return line, str(header["kid"])


def _damaged() -> DamagedReceipt:
    return DamagedReceipt(
        "It is no receipt, or it was cut short or changed. Do not rely on it; save it anew."
    )
