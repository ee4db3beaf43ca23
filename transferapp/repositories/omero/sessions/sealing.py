"""Seal a text by a password: who has the text alone can neither read nor change it.

For what is short-lived and small. The key is made from the password by scrypt, so that
guessing is slow; the seal is Fernet (AES and HMAC), of the package ``cryptography``.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

_SALT_BYTES = 16
#: About 50 ms and 16 MiB for each guess.
_COST, _BLOCK, _KEY_BYTES = 2**14, 8, 32


class Unsealable(Exception):
    """The text was not sealed by this password for this purpose, or was changed since."""


def seal(text: str, secret: SecretStr, purpose: str) -> str:
    """Return the text sealed for one purpose, as JSON; blocking."""
    salt = secrets.token_bytes(_SALT_BYTES)
    sealed = Fernet(_key(secret, salt, purpose)).encrypt(text.encode())
    return json.dumps({"salt": salt.hex(), "sealed": sealed.decode()})


def unseal(text: str, secret: SecretStr, purpose: str) -> str:
    """Return what was sealed for this purpose; raises Unsealable. Blocking."""
    try:
        stated = json.loads(text)
        key = _key(secret, bytes.fromhex(stated["salt"]), purpose)
        return Fernet(key).decrypt(stated["sealed"].encode()).decode()
    except (InvalidToken, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unsealable from error


def _key(secret: SecretStr, salt: bytes, purpose: str) -> bytes:
    key = hashlib.scrypt(
        secret.get_secret_value().encode(),
        salt=salt + purpose.encode(),
        n=_COST,
        r=_BLOCK,
        p=1,
        dklen=_KEY_BYTES,
    )
    return base64.urlsafe_b64encode(key)
