"""Turn a path of the server into one that this computer can store, and never outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pathvalidate

from transferapp.errors import NameNotAllowed

#: Bytes of one name on every file system that matters here (NTFS counts UTF-16 units).
_NAME_BYTES = 255
_PART_BYTES = 120

#: ``.ome.tif`` belongs together; any other double ending does not.
_ENDING = re.compile(r"(?:\.ome)?\.[^.\s]{1,16}$", re.IGNORECASE)


def local_path(folder: Path, client_path: str) -> Path:
    """Return where a file with this '/'-separated path goes below ``folder``.

    Characters that this operating system cannot store become ``_``. Raises NameNotAllowed
    for what has no safe form: too long, empty, or nothing but dots.
    """
    names = [_local_name(name) for name in client_path.split("/") if name]
    if not names:
        raise NameNotAllowed("The file has no name. Rename it in the repository.")
    return folder.joinpath(*names)


def alternatives(path: Path) -> Iterator[Path]:
    """Yield ``a.tif``, ``a (2).tif``, ``a (3).tif`` ... without end."""
    yield path
    ending = _ending(path.name)
    stem = path.name.removesuffix(ending)
    number = 2
    while True:
        yield path.with_name(f"{stem} ({number}){ending}")
        number += 1


def part_path(path: Path, file_id: str) -> Path:
    """Return the hidden name beside ``path`` that the file grows under.

    It carries the id, so that files of one name never continue each other.
    """
    shown = path.name.encode()[:_PART_BYTES].decode(errors="ignore")
    return path.with_name(f".{shown}.{file_id[:8]}.part")


def _local_name(name: str) -> str:
    if not name.strip(". "):
        raise NameNotAllowed(f"'{name}' is no name for a file or folder.")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise NameNotAllowed("The name has characters that cannot be stored.") from None
    if size > _NAME_BYTES:
        raise NameNotAllowed(
            f"'{name[:40]}...' is too long for this computer: {size} bytes, {_NAME_BYTES}"
            " are possible. Shorten it in the repository, then retry."
        )
    return pathvalidate.sanitize_filename(name, replacement_text="_", platform="auto")


def _ending(name: str) -> str:
    found = _ENDING.search(name)
    return found.group() if found is not None and found.start() > 0 else ""
