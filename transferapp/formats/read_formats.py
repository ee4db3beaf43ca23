"""What an image repository says of the formats that it reads; travels as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from transferapp.formats.omero_path_rules import stated_or_usual
from transferapp.formats.omero_places import no_place


@dataclass(frozen=True, slots=True)
class FirstBytes:
    """Bytes that a file of a format has at a place, as lower-case hex."""

    hex: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ReadFormat:
    """A format that is read, by one reader."""

    name: str
    #: Ends of names in small letters, with the dot; empty: known by its content alone.
    suffixes: tuple[str, ...]
    #: Any of these is at the beginning of its files; empty where no rule is known here.
    first_bytes: tuple[FirstBytes, ...] = ()
    #: A fileset may be several files.
    several_files: bool = False
    #: A file must have one of the suffixes; else its content is enough.
    suffix_needed: bool = True
    #: The reader's name.
    reader: str = ""
    #: What must be installed for it: an extra of this package, or nothing.
    needs: str = ""

    def claims_name(self, name: str) -> bool:
        """Say whether a name, in small letters, ends like one of its files."""
        return bool(self.suffixes) and name.endswith(self.suffixes)


@dataclass(frozen=True)
class RepositoryFormats:
    """What one repository reads, and whose answer that is."""

    #: "OMERO", or "embedded repository".
    repository: str
    formats: tuple[ReadFormat, ...]
    #: What reads there, with its version ("Bio-Formats 7.3.1"); empty: readers of our own.
    read_by: str = ""
    #: Whether a person may import a format that nobody knows.
    unknown_allowed: bool = True
    #: What is likely to read there when that is another version than the one that ``formats``
    #: are of ("Bio-Formats 8.4.0"); empty: not known.
    likely: str = ""
    #: Where ``likely`` is from, or why it is not known, as a sentence; empty where
    #: ``read_by`` itself reads.
    derived: str = ""
    #: How OMERO changes names of files (its setting ``omero.fs.repo.path_rules``); empty: names
    #: stay as they are.
    path_rules: str = ""

    @property
    def runs(self) -> str:
        """What reads there, as far as that is known; empty when it is not."""
        return self.read_by if self.is_embedded else self.likely

    @property
    def repository_name(self) -> str:
        """Who reads, as the subject of a sentence."""
        return "The embedded repository" if self.is_embedded else self.repository

    @property
    def whose(self) -> str:
        """Whose answer it is: "OMERO, Bio-Formats 7.3.1"."""
        return ", ".join(part for part in (self.repository, self.read_by) if part)

    @property
    def subject(self) -> str:
        """The same as the subject of a sentence: "OMERO (Bio-Formats 7.3.1)"."""
        name = self.repository_name
        return f"{name} ({self.read_by})" if self.read_by else name

    @property
    def is_embedded(self) -> bool:
        """It is the repository that comes with this program."""
        return self.repository == EMBEDDED

    @cached_property
    def endings(self) -> tuple[str, ...]:
        """All suffixes, each once."""
        return tuple({suffix: None for one in self.formats for suffix in one.suffixes})

    @cached_property
    def names(self) -> frozenset[str]:
        """What the formats are called."""
        return frozenset(one.name for one in self.formats)

    def of_name(self, name: str) -> Iterator[ReadFormat]:
        """Yield the formats whose suffixes fit a name, the most exact suffix first."""
        low = name.lower()
        if not low.endswith(self.endings):
            return
        fitting = [one for one in self.formats if one.claims_name(low)]
        yield from sorted(fitting, key=lambda one: _exactness(one, low))

    @cached_property
    def _by_content(self) -> tuple[tuple[bytes, int, ReadFormat], ...]:
        """Bytes and their place, of the formats that are known by content alone: asked of
        every file that is no image.
        """
        return tuple(
            (bytes.fromhex(rule.hex), rule.offset, one)
            for one in self.formats
            if not one.suffix_needed
            for rule in one.first_bytes
        )

    def may_know(self, name: str) -> bool:
        """Say whether a file of this name may be of a format that is read: by its ending, or
        it has none and is known by its content ("IM000001" and "1.2.840.10008" of DICOM).
        """
        if any(self.of_name(name)):
            return True
        _, dot, ending = name.rpartition(".")
        return bool(self._by_content) and not (dot and ending.strip("0123456789"))

    def no_place(self, paths: Sequence[str]) -> str:
        """Say why the files of one image cannot be stored, the one to open first; "" when they
        can.
        """
        return no_place(paths, stated_or_usual(self.path_rules)) if self.path_rules else ""

    def only_known_names(self, name: str) -> str:
        """Say why a facility that imports only formats that are read refuses a file."""
        return (
            f"{self.subject} does not read files that are named like '{name}', and your"
            " facility imports nothing else. Rename it, so that its name says what it is, or"
            " leave it out."
        )

    def of_bytes(self, start: bytes) -> Iterator[ReadFormat]:
        """Yield the formats that are known by content alone, and whose bytes these are."""
        fitting = [one for begin, at, one in self._by_content if start.startswith(begin, at)]
        yield from {id(one): one for one in fitting}.values()


#: What the repository that comes with this program is called.
EMBEDDED = "embedded repository"


def _exactness(one: ReadFormat, name: str) -> tuple[int, int]:
    """Longer suffixes go first, then formats that have the suffix nearer to their front."""
    fitting = [
        (-len(suffix), n) for n, suffix in enumerate(one.suffixes) if name.endswith(suffix)
    ]
    return min(fitting)
