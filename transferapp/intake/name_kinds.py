"""What the names of files tell, asked once of all names that differ in their numbers only.

A folder of a microscope holds thousands of names like ``img_0001.tif``; asking every family
and every suffix of each of them takes longer than reading the files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.contents import is_recognized_by_content
from transferapp.intake.families.family import Family
from transferapp.intake.families.riders import may_ride
from transferapp.intake.formats import (
    JPEG,
    OME_TIFF,
    PNG,
    TIFF,
    format_of_name,
    is_companion,
    is_tiff_name,
)

#: Formats whose files ``heads`` looks into.
_SCANNED_INTO = (TIFF, OME_TIFF, PNG, JPEG)
_ALIKE = bytes.maketrans(b"123456789", b"000000000")
#: Parts of a pattern that have digits and match every number alike.
_DIGIT = re.compile(r"[0-9]")
_ANY_NUMBER = re.compile(r"\\d|\[0-9\]|\{\d*,?\d*\}|\(\?P<\w+>")


class NameKind(NamedTuple):
    """What a name tells of its file, and its folder's name of it."""

    #: By its suffix; None when that is not known.
    format: ImageFormat | None
    #: It may be the index, or the first file, of a family's set, by its name or its content.
    opens: bool
    #: Only the content can tell what it is.
    is_recognized_by_content: bool
    #: It may ride along with another file.
    may_ride: bool
    #: It is named like a part of a set of this family.
    member_of: Family | None
    #: A TIFF that may hold OME-XML.
    is_tiff: bool
    #: A file of OME-XML about other files.
    is_companion: bool
    #: Of a format whose files ``heads`` looks into.
    is_scanned_into: bool


class NameKinds:
    """Answers for the files of one scan."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families
        self._opens = tuple({end for family in families for end in family.opens})
        self._some_begin = any(family.begins for family in families)
        #: Ends and families that ask for particular numbers: asked every time. The ends
        #: stand here with every digit the same, as one family has a hundred of them.
        self.numbered = tuple({_shape(end) for end in self._opens if _DIGIT.search(_stem(end))})
        self.by_number = [family for family in families if _asks_for_numbers(family)]
        self._folders: dict[bytes, dict[tuple[bytes, str], NameKind]] = {}

    def folder(self, client_folder: str) -> FolderNames:
        """Return what to ask about the names in a folder."""
        return FolderNames(
            self, client_folder, self._folders.setdefault(_shape(client_folder), {})
        )

    def ask(self, client_path: str, name: str) -> NameKind:
        """Ask every family and suffix of one name."""
        member = next((f for f in self._families if f.is_member(client_path)), None)
        kind = format_of_name(name)
        by_content = is_recognized_by_content(name)
        return NameKind(
            kind,
            name.lower().endswith(self._opens) or (by_content and self._some_begin),
            by_content,
            may_ride(name),
            member,
            is_tiff_name(name),
            is_companion(name),
            kind in _SCANNED_INTO,
        )


class FolderNames:
    """Answers for the names in one folder."""

    def __init__(
        self, kinds: NameKinds, client_folder: str, known: dict[tuple[bytes, str], NameKind]
    ) -> None:
        self._kinds, self._folder, self._known = kinds, client_folder, known

    def of(self, name: str) -> NameKind:
        """Say what a name tells."""
        stem, dot, suffix = name.rpartition(".")
        if not dot:
            stem, suffix = suffix, ""
        # As in _shape; this is asked of every file.
        shape = stem.encode("utf-8", "surrogateescape").translate(_ALIKE), suffix
        kind = self._known.get(shape)
        if kind is None or (self._kinds.by_number and self._is_numbered(name)):
            kind = self._kinds.ask(self._path(name), name)
            if not self._is_numbered(name):
                self._known[shape] = kind
        return kind

    def _path(self, name: str) -> str:
        return f"{self._folder}/{name}" if self._folder else name

    def _is_numbered(self, name: str) -> bool:
        if _shape(name.lower()).endswith(self._kinds.numbered):
            return True
        path = self._path(name)
        return any(family.is_member(path) for family in self._kinds.by_number)


def _shape(text: str) -> bytes:
    """Return a name with every digit the same; what is no ASCII digit stays as it is."""
    return text.encode("utf-8", "surrogateescape").translate(_ALIKE)


def _stem(end: str) -> str:
    return end.rpartition(".")[0]


def _asks_for_numbers(family: Family) -> bool:
    """Whether a name with other numbers might be no member of a family."""
    if family.members is None:
        return False
    rest = _ANY_NUMBER.sub("", family.members.pattern)
    return bool(_DIGIT.search(rest)) or "(?P=" in rest
