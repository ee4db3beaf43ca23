"""The public keys of servers that a person signed in to: what receipts are checked with.

They are asked for over the connection that she trusts with her password, kept for good, and
added to, never replaced: what an older key has signed stays signed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from joserfc.jwk import OKPKey
from pydantic import TypeAdapter, ValidationError

from transferapp.errors import Invalid, SettingsInvalid
from transferapp.host.paths import host_paths
from transferapp.host.private_file import write_private_text
from transferapp.receipts.signing import key_set, keys_of_set

_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A public key, and whose it is: a server's address, or the file that it was given in."""

    key: OKPKey
    whose: str

    @property
    def id(self) -> str:
        """Its thumbprint."""
        return str(self.key.kid)


@dataclass(frozen=True, slots=True)
class _Kept:
    server: str
    keys: list[dict[str, str]]


_KEPT = TypeAdapter(_Kept)


class KnownKeys:
    """The keys of each server, one file each; blocking."""

    def __init__(self, folder: Path | None = None) -> None:
        """Keep them in ``folder``, by default where this account keeps its data."""
        self._folder = folder or host_paths().receipt_keys

    def keep(self, server_url: str, keys: Iterable[OKPKey]) -> None:
        """Add a server's keys to those that are known of it; raises OSError."""
        path = self._file(server_url)
        before = {known.id: known.key for known in _read(path)}
        known = before | {str(key.kid): key for key in keys}
        if known.keys() != before.keys():
            kept = _Kept(server_url, key_set(known.values())["keys"])
            write_private_text(path, _KEPT.dump_json(kept).decode())

    def all(self) -> list[KnownKey]:
        """Return every key that can be read."""
        files = sorted(self._folder.glob("*.json"))
        return [known for path in files for known in _read(path)]

    def _file(self, server_url: str) -> Path:
        name = sha256(server_url.encode(errors="replace")).hexdigest()[:32]
        return self._folder / f"{name}.json"


def keys_in_file(path: Path) -> list[KnownKey]:
    """Return the keys of a JWK Set that somebody gave; raises SettingsInvalid."""
    try:
        with path.open("rb") as file:
            found = keys_of_set(json.loads(file.read(_LARGEST)))
    except (OSError, ValueError, RecursionError, Invalid) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no JWK Set"
        raise SettingsInvalid(
            f"No keys were read from '{path}' ({reason}). Save what the server answers at"
            " /.well-known/jwks.json."
        ) from error
    return [KnownKey(key, str(path)) for key in found]


def _read(path: Path) -> list[KnownKey]:
    with suppress(OSError, ValidationError, Invalid):
        kept = _KEPT.validate_json(path.read_bytes())
        return [KnownKey(key, kept.server) for key in keys_of_set({"keys": kept.keys})]
    return []
