"""Turn paths and names of the server into ones that this computer can store."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path, PurePath

import pathvalidate

from transferapp.errors import NameNotAllowed
from transferapp.host.storable_names import NAME_BYTES, storable_name

_PART_BYTES = 120
#: A transfer or file is called by hexadecimal digits.
_PART = re.compile(r"\..*\.[0-9a-f]{8}\.part", re.DOTALL)
#: Bytes of a whole path that programs can open. Windows has more for programs that ask for it.
_PATH_BYTES = {"win32": 259, "darwin": 1023}.get(sys.platform, 4095)

#: ``.ome.tif`` belongs together; any other double ending does not.
_ENDING = re.compile(r"(?:\.(?:ome|companion))?\.[^.\s]{1,16}$", re.IGNORECASE)
#: Readers know an OME-Zarr by the end of its folder's name. Other folders have no ending:
#: the day in ``2026.11.20`` is none.
_ZARR = re.compile(r"(?:\.ome)?\.zarr$", re.IGNORECASE)


def local_path(client_path: str) -> PurePath:
    """Return where a file with this '/'-separated path goes below some folder, never outside.

    Characters that this operating system cannot store become ``_``. Raises NameNotAllowed
    for what has no safe form: too long, empty, or nothing but dots.
    """
    names = [_local_name(name) for name in client_path.split("/") if name]
    if not names:
        raise NameNotAllowed("The file has no name. Rename it in the repository.")
    return PurePath(*names)


def folder_name(text: str) -> str:
    """Make a name that every file system can store from any words; raises NameNotAllowed."""
    return _local_name(storable_name(text))


def split_ending(name: str, *, is_folder: bool) -> tuple[str, str]:
    """Split ``a.ome.tif`` into ``a`` and ``.ome.tif``; of folders only Zarr has an ending."""
    found = (_ZARR if is_folder else _ENDING).search(name)
    if found is None or found.start() == 0:
        return name, ""
    return name[: found.start()], found.group()


def part_name(name: str, key: str) -> str:
    """Return the hidden name that a file or folder grows under until it is complete.

    It carries the key, so that things of one name never continue each other.
    """
    shown = name.encode()[:_PART_BYTES].decode(errors="ignore")
    return f".{shown}.{key[:8]}.part"


def is_part_name(name: str) -> bool:
    """Say whether ``part_name`` makes such names."""
    return _PART.fullmatch(name) is not None


def check_path_length(path: Path) -> None:
    """Raise NameNotAllowed for a path that programs of this computer could not open."""
    length = len(os.fsencode(path))
    if length > _PATH_BYTES:
        raise NameNotAllowed(
            f"The path '{str(path)[:60]}...' would be too long for this computer: {length}"
            f" bytes, {_PATH_BYTES} are possible. Choose a destination with a shorter path, or"
            " export without folders (--layout flat)."
        )


def _local_name(name: str) -> str:
    if not name.strip(". "):
        raise NameNotAllowed(f"'{name}' is no name for a file or folder.")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise NameNotAllowed("The name has characters that cannot be stored.") from None
    if size > NAME_BYTES:
        raise NameNotAllowed(
            f"'{name[:40]}...' is too long for this computer: {size} bytes, {NAME_BYTES}"
            " are possible. Shorten it in the repository, then retry."
        )
    return pathvalidate.sanitize_filename(name, replacement_text="_", platform="auto")
