"""Find the files that belong together, by the OME-XML in companions and TIFF headers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from transferapp.errors import Cancelled, DamagedFile, SourceProblem
from transferapp.formats.image_format import ImageFormat
from transferapp.intake import file_set_texts, omexml
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.formats import (
    COMPANION,
    OME_TIFF,
    format_of_name,
    is_tiff_name,
)
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile
from transferapp.ome.document import OmeDocument, PlaneBlock
from transferapp.ome.files import OmeFiles, last_part


@dataclass(eq=False, slots=True)
class _Set:
    """A set in the making: files by path on disk, and names that were not found."""

    files: dict[str, FoundFile]
    format: ImageFormat | None
    missing: dict[str, None] = field(default_factory=dict)
    broken: list[SourceProblem] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    #: Paths of files that hold planes by a document of the set, in the order of the planes;
    #: empty when none was read.
    used: dict[str, None] = field(default_factory=dict)
    #: Paths of TIFFs with a document that tells of planes, as far as they were read.
    documents: set[str] = field(default_factory=set)
    #: Paths of TIFFs that only say where the document is.
    pointers: set[str] = field(default_factory=set)
    #: Paths of files with a document and no pixels, whatever they are called.
    xml: set[str] = field(default_factory=set)
    plate: bool = False

    def take_in(self, other: _Set) -> None:
        """Make the other set a part of this one."""
        self.files.update(other.files)
        self.missing.update(other.missing)
        self.broken.extend(other.broken)
        self.doubts.extend(other.doubts)
        self.used |= other.used
        self.documents |= other.documents
        self.pointers |= other.pointers
        self.xml |= other.xml
        self.plate |= other.plate

    def finished(self, renamed: Mapping[tuple[Path, str], str]) -> FilesetCandidate:
        """Return what became of it; ``renamed`` tells new names of files, by the old ones."""
        files = self._in_order()
        files = [_beside(files[0], file) for file in files]
        name = files[0].name
        if _is_companion(files[0]):
            name = name[: -len(COMPANION.suffixes[0])] or name
        problems, doubts = list(self.broken), list(self.doubts)
        if self.missing:
            here = files[0].path.parent
            now = {name: renamed.get((here, last_part(name)), "") for name in self.missing}
            problems.append(file_set_texts.missing(now))
        elif self.pointers and not self.used and not self.broken:
            problems.append(file_set_texts.undescribed(files))
        known = self.used.keys() | self.xml
        unused = [f.name for f in files if f.place not in known]
        if self.used and unused and not self.missing:
            doubts.append(file_set_texts.unused(unused))
        return FilesetCandidate(
            name, tuple(files), self.format, tuple(problems), tuple(doubts), self.plate
        )

    def _in_order(self) -> list[FoundFile]:
        """Return the files as Bio-Formats lists them (seen with 7.3.1, OMETiffReader).

        The first of those with the document is opened, by the order of folders and names; the
        others come in the order of the planes of all images.
        """
        place = {path: number for number, path in enumerate(self.used)}
        files = sorted(
            self.files.values(),
            key=lambda f: (
                f.place not in self.xml,
                place.get(f.place, len(place)),
                f.path.parts,
            ),
        )
        if not self.xml:
            documents = [file for file in files if file.place in self.documents]
            first = min(documents or files, key=lambda f: f.path.parts)
            files.sort(key=lambda f: f is not first)
        return files


class Sorting:
    """Files on their way into sets; sets that share a file become one."""

    def __init__(
        self,
        files: Iterable[FoundFile],
        neighbours: Neighbours,
        cancel: threading.Event | None,
        sound: Collection[str] = (),
    ) -> None:
        """``sound`` are the places of TIFFs that were found to hold no OME-XML."""
        self._sound = sound
        #: Some OME-XML names a file in a folder below its own.
        self.leads_below = False
        self._files = {file.place: file for file in files}
        self._neighbours = neighbours
        self._set_of: dict[str, _Set] = {}
        #: TIFFs that only name the file with their document, and their own documents.
        self._pointers: list[tuple[FoundFile, OmeDocument]] = []
        #: Sets whose document is not there, by its folder and name.
        self._orphans: dict[tuple[Path, str], _Set] = {}
        #: What files are called now, by folder and the name that their set knows.
        self._renamed: dict[tuple[Path, str], str] = {}
        self._cancel = cancel

    def sets(self) -> Iterator[FilesetCandidate]:
        """Sort all: companions, then TIFFs that name others, pointers, and what is left."""
        for file in self._unsorted(_is_companion):
            self._companion(file)
        for file in self._unsorted(lambda f: is_tiff_name(f.name)):
            self._tiff(file)
        while self._pointers:
            self._follow(*self._pointers.pop(0))
        for file in self._unsorted(lambda _: True):
            self._set(file, format_of_name(file.name))
        for made in {id(made): made for made in self._set_of.values()}.values():
            yield made.finished(self._renamed)

    def _unsorted(self, wanted: Callable[[FoundFile], bool]) -> Iterator[FoundFile]:
        for key, file in self._files.items():
            if self._cancel is not None and self._cancel.is_set():
                raise Cancelled
            # Asked late: a set made a moment ago may have taken it.
            if key not in self._set_of and wanted(file):
                yield file

    def _companion(self, file: FoundFile) -> None:
        made = self._set(file, OME_TIFF)
        made.xml.add(file.place)
        try:
            document = omexml.read_xml(file.path)
        except (OSError, ValueError):
            made.broken.append(file_set_texts.no_xml(file))
        except DamagedFile as error:
            made.broken.append(DamagedFile(f"'{file.name}': {error.message}"))
        else:
            self._join(file, document, OmeFiles(file.path, document, is_tiff=False))

    def _tiff(self, file: FoundFile) -> None:
        if file.place in self._sound:
            self._set(file, format_of_name(file.name))
            return
        broken: SourceProblem | None = None
        document = None
        try:
            document = omexml.read_tiff(file.path)
        except DamagedFile as error:
            broken = DamagedFile(f"'{file.name}': {error.message}")
        except OSError:
            pass  # Preflight says it.
        is_ome = document is not None or broken is not None
        made = self._set(file, OME_TIFF if is_ome else format_of_name(file.name))
        if broken is not None:
            made.broken.append(broken)
        elif document is not None and document.metadata_file:
            made.pointers.add(file.place)
            self._pointers.append((file, document))
        elif document is not None:
            self._document(file, document, made)

    def _document(self, file: FoundFile, document: OmeDocument, made: _Set) -> None:
        names = OmeFiles(file.path, document, is_tiff=True)
        original = names.original()
        if original is None or not _same_document(original, document):
            self._join(file, document, names)
            if names.several and names.own_name:
                # Its neighbours look for it by that name, and so does OMERO.
                self._renamed[file.path.parent, last_part(names.own_name)] = file.name
                if names.named(names.own_name) is None:
                    self._set_of[file.place].missing[names.own_name] = None
        elif names.several:
            # A set cannot have both, and a part of a set is nothing by itself.
            remedy = f"Leave it out, and import '{original.name}' instead."
            text = file_set_texts.copied(file.path, original, remedy)
            made.broken.append(SourceProblem(text))
        else:
            remedy = "Leave it out, unless its pixels were changed since."
            made.doubts.append(file_set_texts.copied(file.path, original, remedy))

    def _join(self, file: FoundFile, document: OmeDocument, names: OmeFiles) -> None:
        """Put the files of all planes into the set of ``file``."""
        self._set_of[file.place].plate |= bool(document.plates)
        self._set_of[file.place].documents.add(file.place)
        # Images without blocks take the pages of the file itself.
        if any(not image.blocks for image in document.images):
            self._set_of[file.place].used[file.place] = None
        for block in _in_order_of_planes(document):
            path = names.of(block)
            self._note(block.file_name)
            found = None if path is None else self._neighbours.find(file, path)
            made = self._set_of[file.place]
            if found is None and not block.file_name:
                made.broken.append(file_set_texts.nameless(file))
            elif found is None:
                made.missing[block.file_name] = None
            else:
                made.used[found.place] = None
                self._merge(file, found)

    def _follow(self, file: FoundFile, document: OmeDocument) -> None:
        """Put a TIFF to the file that holds its document."""
        name = document.metadata_file
        self._note(name)
        path = OmeFiles(file.path, document, is_tiff=False).named(name)
        found = None if path is None else self._neighbours.find(file, path)
        if found is not None:
            if found.place not in self._set_of:
                is_tiff = is_tiff_name(found.name)
                read = self._tiff if is_tiff else self._companion
                read(found)
            self._merge(found, file)
        elif not self._set_of[file.place].used:
            # No document that was found names it either.
            here = file.path.parent, name
            orphans = self._orphans.setdefault(here, self._set_of[file.place])
            orphans.missing[name] = None
            self._merge(next(iter(orphans.files.values())), file)

    def _note(self, name: str) -> None:
        """Note that a document names a file."""
        self.leads_below |= "/" in name or "\\" in name

    def _set(self, file: FoundFile, kind: ImageFormat | None) -> _Set:
        made = _Set({file.place: file}, kind)
        self._set_of[file.place] = made
        return made

    def _merge(self, file: FoundFile, other: FoundFile) -> None:
        """Make the sets of two files one."""
        kept = self._set_of[file.place]
        given = self._set_of.get(other.place)
        if given is None:
            given = _Set({other.place: other}, kept.format)
        if given is kept:
            return
        kept.take_in(given)
        for key in given.files:
            self._set_of[key] = kept


def _in_order_of_planes(document: OmeDocument) -> Iterator[PlaneBlock]:
    """Yield the block with the first plane in each file, by the order of images and planes."""
    seen = set[tuple[str, str]]()
    for image in document.images:
        axes = ["ZCT".index(axis) for axis in reversed(image.order[2:])]
        for block in sorted(image.blocks, key=lambda b: [b.first[axis] for axis in axes]):
            if (block.file_name, block.uuid) not in seen:
                seen.add((block.file_name, block.uuid))
                yield block


def _same_document(path: Path, document: OmeDocument) -> bool:
    try:
        other = omexml.read_tiff(path)
    except (OSError, DamagedFile):
        return False
    if other is None:
        return False
    return other.uuid == document.uuid if document.uuid else other == document


def _beside(first: FoundFile, file: FoundFile) -> FoundFile:
    """Give a file the client path that its place beside the first one asks for.

    Files dropped one by one and in a folder have different roots otherwise.
    """
    if not file.path.is_relative_to(first.path.parent):
        return file
    relative = file.path.relative_to(first.path.parent).as_posix()
    return replace(file, client_path=str(PurePosixPath(first.client_path).parent / relative))


def _is_companion(file: FoundFile) -> bool:
    return file.name.lower().endswith(COMPANION.suffixes)
