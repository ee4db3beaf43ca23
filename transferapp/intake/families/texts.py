"""Read the short texts and folders that programs write beside images, within bounds."""

from __future__ import annotations

import os
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from transferapp.intake.scanning import FoundFile

#: The marks at the start of a text, of either order of bytes.
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def is_utf_16(file: FoundFile) -> bool:
    """Say whether a text has the mark of UTF-16 at its start; raises OSError."""
    with file.path.open("rb", buffering=0) as opened:
        return opened.read(2) in UTF_16


def read_text(file: FoundFile, most_bytes: int) -> str:
    """Return the text of a file, or as much as is allowed of it; raises OSError.

    UTF-16 is known by its mark at the start, all else is taken for UTF-8 or ASCII.
    """
    with file.path.open("rb") as opened:
        content = opened.read(most_bytes)
    if content.startswith(UTF_16):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "replace")


def ends_a_line(file: FoundFile) -> bool:
    """Say whether a text ends with the end of a line; raises OSError."""
    with file.path.open("rb") as opened:
        opened.seek(max(0, file.path.stat().st_size - 4))
        return opened.read().rstrip(b"\0")[-1:] in (b"\n", b"\r")


def read_xml(file: FoundFile, most_bytes: int) -> Element | None:
    """Return the root of an XML file; None when it is none, or too large. Raises OSError."""
    if file.size_bytes > most_bytes:
        return None
    with file.path.open("rb") as opened:
        content = opened.read(most_bytes)
    try:
        root: Element = ElementTree.fromstring(content)
    except (ParseError, DefusedXmlException, LookupError, ValueError):
        return None
    return root


def read_ini(file: FoundFile, most_bytes: int) -> dict[str, str]:
    """Return the values of an INI file by name, without quotation marks, whatever their
    section; the first of a name counts. Raises OSError.
    """
    found: dict[str, str] = {}
    for line in read_text(file, most_bytes).splitlines():
        name, equals, value = line.partition("=")
        if equals:
            found.setdefault(name.strip(), value.strip().strip('"'))
    return found


def names_on_disk(folder: str) -> list[str]:
    """Return the names in a folder as the file system lists them; none if it is not there."""
    try:
        with os.scandir(folder) as listing:
            return [entry.name for entry in listing]
    except OSError:
        return []
