"""What the names of files tell: litter, unfinished, hidden, not storable; and what the
operating system says of a file, in our words.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

from transferapp.errors import (
    ChangedFile,
    LinkLoop,
    NameNotAllowed,
    SourceProblem,
    UnreadableFile,
    UnsupportedFile,
    VanishedFile,
)

#: Litter of operating systems, file servers and Office; never part of an image.
_LITTER_FILES = frozenset(
    {
        ".ds_store",
        ".localized",
        ".apdisk",
        ".directory",
        ".volumeicon.icns",
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
    }
)
_LITTER_FOLDERS = frozenset(
    {
        ".documentrevisions-v100",
        ".fseventsd",
        ".spotlight-v100",
        ".temporaryitems",
        ".trashes",
        "__macosx",
        "@eadir",
        "$recycle.bin",
        "system volume information",
    }
)
#: macOS keeps what other file systems cannot in a file beside each (AppleDouble, RFC 1740).
_APPLE_PREFIX, _APPLE_MAGIC = "._", b"\0\5\x16\7"
#: Office notes in a file of some hundred bytes who has a document open.
_OFFICE_PREFIX, _OFFICE_BYTES = "~$", 1024
#: What programs call a file that they have not written completely; ".nfs" is one that was
#: deleted while a program still writes it.
_UNFINISHED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", "~")
_UNFINISHED_PREFIX = ".nfs"
_ODD_NAMES = _LITTER_FILES | _LITTER_FOLDERS
_ODD_PREFIXES = (".", _OFFICE_PREFIX)
#: How Python keeps a byte of a file name that is no text (PEP 383).
_BYTE = re.compile("[\udc80-\udcff]")
#: Limits that every file system and server of ours can store.
NAME_BYTES = 255
PATH_BYTES = 4096


def may_stay_out(name: str) -> bool:
    """Say whether a name may be one of litter, or be unfinished or hidden; most are not, and
    this is quick.
    """
    low = name.lower()
    return (
        low.startswith(_ODD_PREFIXES) or low.endswith(_UNFINISHED_SUFFIXES) or low in _ODD_NAMES
    )


def is_litter(path: str, *, is_folder: bool) -> bool:
    """Say whether it is one of the files or folders that an operating system makes.

    An image that somebody gave such a name is none: a prefix alone does not tell.
    """
    low = path.rpartition(os.sep)[2].lower()
    if is_folder:
        return low in _LITTER_FOLDERS
    try:
        if low.startswith(_APPLE_PREFIX):
            with Path(path).open("rb") as opened:
                return opened.read(len(_APPLE_MAGIC)) in (_APPLE_MAGIC, b"")
        if low.startswith(_OFFICE_PREFIX):
            return Path(path).stat().st_size <= _OFFICE_BYTES
    except OSError:
        return False
    return low in _LITTER_FILES


def unfinished(name: str, *, is_folder: bool = False) -> ChangedFile | None:
    """Say that a name is one of a file that is not written completely, or None."""
    low = name.lower()
    if not (low.endswith(_UNFINISHED_SUFFIXES) or low.startswith(_UNFINISHED_PREFIX)):
        return None
    kind = "folder" if is_folder else "file"
    return ChangedFile(
        f"'{shown(Path(name))}' is an unfinished {kind}, so an image may be incomplete. Wait"
        " until it has been written, or delete it, then check again."
    )


def hidden(name: str) -> UnsupportedFile | None:
    """Say that a name is hidden, or None."""
    if not name.startswith("."):
        return None
    return UnsupportedFile(
        f"'{shown(Path(name))}' is hidden and is not imported. Rename it to import it, or"
        " ignore it."
    )


def name_problem(path: Path | str, client_path: str) -> NameNotAllowed | None:
    """Say why a path cannot be stored, or None."""
    try:
        encoded = client_path.encode()
        str(path).encode()
    except UnicodeEncodeError:
        return NameNotAllowed(
            f"'{shown_text(client_path)}' has characters that are not text. Rename it, then"
            " retry."
        )
    longest = max(client_path.split("/"), key=lambda part: len(part.encode()))
    if len(longest.encode()) > NAME_BYTES:
        return NameNotAllowed(
            f"The name '{longest[:40]}...' is longer than {NAME_BYTES} bytes. Shorten it."
        )
    if len(encoded) > PATH_BYTES:
        return NameNotAllowed(
            f"The path of '{longest[:40]}' is longer than {PATH_BYTES} bytes in all."
            " Drop a folder further inside, or shorten the folder names."
        )
    return None


def problem_of(error: OSError, path: Path) -> SourceProblem:
    """Turn what the operating system says into our words."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE):
        return VanishedFile(f"'{shown(path)}' is gone. Put it back, or leave it out.")
    if error.errno == errno.ELOOP:
        return LinkLoop(f"'{shown(path)}' is a link that leads back to itself. Remove it.")
    if error.errno == errno.ENAMETOOLONG:
        return NameNotAllowed(f"The path of '{shown(path)[-40:]}' is too long. Shorten it.")
    reason = os.strerror(error.errno) if error.errno else "unknown reason"
    return UnreadableFile(
        f"'{shown(path)}' cannot be read ({reason}). Check that your account may read it."
    )


def shown(path: Path) -> str:
    """Return a file's name as text that can be printed."""
    return shown_text(path.name)


def shown_text(name: str) -> str:
    r"""Return a name or path as text: a byte that is none is spelled ``\xe9``, as in tables."""
    if name.isascii():
        return name
    spelled = _BYTE.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", name)
    return spelled.encode(errors="replace").decode()
