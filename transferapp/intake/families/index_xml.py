"""Read the XML index files of plates: bounded, and one element after the other.

An index of a large plate has 2 kB for each of 100,000 images.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from transferapp.intake.families.texts import UTF_16
from transferapp.intake.scanning import FoundFile

#: Beyond this an index is not looked into.
MAX_INDEX_BYTES = 512 << 20
#: Where the name of the root element stands.
_HEAD_BYTES = 4096


class UnreadIndex(Exception):
    """A file that is no complete XML, or too large; the message ends a sentence about it."""

    def __init__(self, file: FoundFile, why: str) -> None:
        super().__init__(why)
        self.file = file


def head(file: FoundFile) -> str:
    """Return the start of a file as text, whatever it is; raises OSError."""
    with file.path.open("rb") as opened:
        start = opened.read(_HEAD_BYTES)
    return start.decode("utf-16" if start.startswith(UTF_16) else "utf-8", "replace")


def elements(file: FoundFile, *names: str) -> Iterator[Element]:
    """Yield the elements of these names, or all, as they end; each is emptied after its turn.

    Raises OSError and UnreadIndex.
    """
    if file.size_bytes > MAX_INDEX_BYTES:
        raise UnreadIndex(file, f"is larger than {MAX_INDEX_BYTES >> 20} MB")
    with file.path.open("rb") as opened:
        try:
            for _, element in ElementTree.iterparse(opened, events=("end",)):
                if not names or local(element.tag) in names:
                    yield element
                    element.clear()
        except (ParseError, DefusedXmlException, LookupError, UnicodeError) as error:
            raise UnreadIndex(file, "is no complete XML file") from error


def read_to_the_end(file: FoundFile) -> None:
    """Raise UnreadIndex when a file is no complete XML, and OSError."""
    for _ in elements(file):
        pass


def local(name: str) -> str:
    """Return the name of an element or attribute without its namespace."""
    return name.rpartition("}")[2]


def attribute(element: Element, name: str) -> str:
    """Return an attribute, whatever its namespace; "" when there is none."""
    return next((value for key, value in element.items() if local(key) == name), "")


def texts(element: Element) -> dict[str, str]:
    """Return the texts of an element's children by their names."""
    return {local(child.tag): (child.text or "").strip() for child in element}


def number(text: str) -> int:
    """Return a number that sorts; 0 where there is none."""
    return int(text) if text.isascii() and text.isdigit() else 0
