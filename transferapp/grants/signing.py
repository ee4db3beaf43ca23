"""Signatures of URLs: which image, through whose grant, until when; changed ones are refused.

The server keeps nothing of a signed URL: it checks the signature (HMAC-SHA256, made by
itsdangerous), and that the grant it was made through is still alive (docs/adr/0023).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from itsdangerous import BadData, URLSafeSerializer

from transferapp.errors import Denied, SettingsInvalid
from transferapp.host.private_file import private_text, write_private_text

#: Recognisable, so that log filters find it. Not a grant's: it is no bearer token.
SIGNATURE_PREFIX = "tas1_"
#: A key of 256 random bits has 43 characters.
_KEY_BYTES = 32
_SHORTEST_KEY = 32
_NOT_OURS = "This address is not complete, or of another server. Copy it again, whole."


@dataclass(frozen=True, slots=True)
class SignedImage:
    """What a signature says."""

    grant_id: str
    image_id: int
    expires_at: datetime


class Signing:
    """Signs with the newest key and knows those before it."""

    def __init__(self, keys: Sequence[str], repository: str) -> None:
        """Take the keys, the newest last; image ids are those of one ``repository``."""
        self._serializer = URLSafeSerializer(
            list(keys),
            salt=f"transferapp.signed-url.{repository}",
            signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"},
        )

    def sign(self, image: SignedImage) -> str:
        """Return the text for a URL: letters, digits, ``_``, ``-`` and ``.`` only."""
        stated = [image.grant_id, image.image_id, int(image.expires_at.timestamp())]
        signed: str = self._serializer.dumps(stated)
        return SIGNATURE_PREFIX + signed

    def read(self, signature: str) -> SignedImage:
        """Return what was signed; raises Denied for what is not ours."""
        if not signature.startswith(SIGNATURE_PREFIX):
            raise Denied(_NOT_OURS)
        try:
            stated = self._serializer.loads(signature.removeprefix(SIGNATURE_PREFIX))
            grant_id, image_id, ends = stated
            return SignedImage(grant_id, image_id, datetime.fromtimestamp(ends, UTC))
        except (BadData, ValueError, TypeError) as error:
            raise Denied(_NOT_OURS) from error


def signing_keys(path: Path) -> list[str]:
    """Read a server's keys, one a line and the newest last; blocking. Made when missing.

    Servers that share their data share them. Raises SettingsInvalid when others may read the
    file, or a key is too short.
    """
    if not path.exists():
        _make_keys(path)
    keys = private_text(path, str(path)).split()
    if any(len(key) < _SHORTEST_KEY for key in keys):
        raise SettingsInvalid(
            f"{path}: a key has fewer than {_SHORTEST_KEY} characters. Remove the file: the"
            " server makes a new one, and URLs that are signed already end."
        )
    return keys


def _make_keys(path: Path) -> None:
    own = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    write_private_text(own, secrets.token_urlsafe(_KEY_BYTES) + "\n")
    # Of servers that start at the same time, the first one's stay.
    with suppress(FileExistsError):
        os.link(own, path)
    own.unlink()
