"""A server's keys for receipts: one JWK a line, the newest last; only that one is private.

Servers that share their data share them. Older keys stay, as public ones, for the receipts
that they signed.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from joserfc.jwk import OKPKey

from transferapp.errors import Invalid, SettingsInvalid
from transferapp.host.private_file import private_file, private_text, write_private_text
from transferapp.receipts.signing import key_of, new_key, public_jwk


def read_keys(path: Path) -> list[OKPKey]:
    """Return the keys, the one that signs last; blocking. Made when missing.

    Raises SettingsInvalid when others may read the file, or it is damaged.
    """
    if not path.exists():
        _make(path)
    lines = private_text(path, str(path)).splitlines()
    try:
        keys = [key_of(json.loads(line)) for line in lines if line.strip()]
    except (Invalid, ValueError, AttributeError) as error:
        raise SettingsInvalid(
            f"{path}: a line is no key of receipts. Put the file back from a backup: with"
            " another key, receipts of before are those of a key that nobody knows."
        ) from error
    if not keys[-1].is_private:
        raise SettingsInvalid(f"{path}: the last key is not private, so nothing can be signed.")
    return keys


def change_key(path: Path) -> str:
    """Sign with a new key from now on and forget the private part of those before; returns the
    new key's id. Running servers read it at the next receipt; blocking.
    """
    with private_file(path.with_name(f"{path.name}.lock")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        keys = [*read_keys(path), new_key()]
        write_private_text(path, _text(keys))
    return str(keys[-1].kid)


def _make(path: Path) -> None:
    own = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    write_private_text(own, _text([new_key()]))
    # Of servers that start at the same time, the first one's stays.
    with suppress(FileExistsError):
        os.link(own, path)
    own.unlink()


def _text(keys: Sequence[OKPKey]) -> str:
    stated = [*map(public_jwk, keys[:-1]), keys[-1].as_dict(private=True)]
    return "".join(f"{json.dumps(one)}\n" for one in stated)
