"""Names at places: a person's own folder, and what people choose below it."""

from __future__ import annotations

import re
from urllib.parse import quote

import pathvalidate

from transferapp.errors import Invalid, NameNotAllowed
from transferapp.host.storable_names import storable_name

#: Bytes of one name on every file system that matters here.
_NAME_BYTES = 255
_SHORT_BYTES = 120
_DEPTH = 16
_PLAIN = re.compile(r"[A-Za-z0-9_@-][A-Za-z0-9._@-]*(?<!\.)")


def person_folder(username: str) -> str:
    """Return the name of a person's folder: two people never have the same.

    What is no plain name is written with ``%``, also a dot at either end. Raises
    NameNotAllowed for one that is empty or too long.
    """
    if _PLAIN.fullmatch(username):
        return username
    # Of what quote leaves alone, '~' and dots are still no plain name everywhere.
    named = quote(username, safe="@").replace(".", "%2E").replace("~", "%7E")
    if not named or len(named.encode()) > _NAME_BYTES:
        raise NameNotAllowed("This user name cannot be the name of a folder.")
    return named


def chosen_folder(text: str) -> str:
    """Return the folder below her own that a person named, as ``a/b``; may be empty.

    Raises Invalid for one that leads elsewhere, or that not every disk can hold.
    """
    names = [name for name in text.split("/") if name]
    for name in names:
        if safe_name(name) != name or name.startswith("."):
            raise Invalid(
                f"'{name}' cannot be a folder at a place. Use letters, digits, spaces, '-' and"
                " '_'; '.' not at the beginning or end."
            )
    if len(names) > _DEPTH:
        raise Invalid(f"At a place there may be {_DEPTH} folders in each other at most.")
    return "/".join(names)


def safe_name(text: str, fallback: str = "") -> str:
    """Make a name that every file system can store from any words; never hidden."""
    return storable_name(text, _SHORT_BYTES) or fallback


def safe_path(client_path: str) -> str:
    """Return where a file goes below its item's folder; its name is kept, as sets name their
    files. Raises NameNotAllowed for what has no safe form.
    """
    names = [name for name in client_path.split("/") if name]
    if not names or any(not _can_be_kept(name) for name in names):
        raise NameNotAllowed(f"'{client_path[:80]}' is no name for a file at a place.")
    return "/".join(
        pathvalidate.sanitize_filename(name, replacement_text="_", platform="linux")
        for name in names
    )


def _can_be_kept(name: str) -> bool:
    try:
        return bool(name.strip(". ")) and len(name.encode()) <= _NAME_BYTES
    except UnicodeEncodeError:
        return False
