"""Which file an OME-XML means by a name: desktop and readers must find the same one.

A document names the file of a plane by ``FileName`` and, more surely, by the ``UUID`` of that
file's own document (OME-TIFF specification, 2016-06). People rename and move files, and
writers put whole paths of other computers there. The rule, as measured with Bio-Formats 7.3.1
and made wider for sets:

1. Without a name, or with the UUID of the document itself, it is the file that was read,
   whatever that is called now. (A UUID that stands for several names tells nothing.)
2. Else it is the file of that name: at the relative path, or by the path's last part beside
   the document; also when it is written in other case, or .tif for .tiff.
3. But when that file's own document has a UUID that this one knows by another name, names
   were exchanged, and it is the file with the right UUID. (Bio-Formats goes by the name and
   shows planes in each other's place.)
4. Else, when the document names this one file only and says no UUID to tell it from others,
   it is the file that was read.
5. Else it is missing.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from pathlib import Path, PurePosixPath

from transferapp.ome.document import OmeDocument, PlaneBlock
from transferapp.ome.own_uuid import own_uuid

_LONG_ENDINGS = {".tiff": ".tif"}


class OmeFiles:
    """The files that one document names."""

    def __init__(self, path: Path, document: OmeDocument, *, is_tiff: bool) -> None:
        """Take the document of ``path``; ``is_tiff`` says that this file may hold planes."""
        self._path, self._uuid, self._is_tiff = path, document.uuid, is_tiff
        self._names_of: dict[str, set[str]] = defaultdict(set)
        for block in document.blocks:
            self._names_of[block.uuid].add(block.file_name)
        self._names = set().union(*self._names_of.values())
        self._folder: dict[str, list[str]] | None = None
        self._known: dict[str, Path | None] = {}
        self._uuids = {path: document.uuid}
        self._by_uuid: dict[str, Path] | None = None

    def of(self, block: PlaneBlock) -> Path | None:
        """Return the file of a block's planes; None when it is not there.

        The path may lead out of the document's folder: whoever opens it looks at that.
        """
        name, uuid = block.file_name, block.uuid
        if self._is_tiff and (not name or self._is_own(uuid)):
            return self._path
        found = self.named(name)
        if found is not None and self._is_another(found, block):
            return self._with_uuid(uuid)
        alone = len(self._names) == 1 and not (uuid and self._uuid)
        return self._path if found is None and self._is_tiff and alone else found

    def named(self, name: str) -> Path | None:
        """Return the file of a name; None when it is not there."""
        if name not in self._known:
            self._known[name] = self._find(name)
        return self._known[name]

    @property
    def several(self) -> bool:
        """Whether the planes are in more than one file."""
        return len(self._names) > 1

    @property
    def own_name(self) -> str:
        """What the file that was read was called when it was written; "" when not told."""
        own = self._is_tiff and self._is_own(self._uuid)
        return next(iter(self._names_of[self._uuid])) if own else ""

    def exchanged(self) -> dict[str, str]:
        """Return what files are called that have each other's names, and should be called."""
        found: dict[str, str] = {}
        for uuid, names in self._names_of.items():
            for name in names:
                called = self.named(name)
                if called and self._is_another(called, PlaneBlock((0, 0, 0), 0, 1, name, uuid)):
                    right = self._with_uuid(uuid)
                    found |= {} if right is None else {right.name: last_part(name)}
        return found

    def misspelt(self) -> dict[str, str]:
        """Return what files are called whose document does not name them to the letter, and
        how it does. Bio-Formats 7.3.1 finds none of these; a TIFF finds itself.
        """
        if self._is_tiff and not self.several:
            return {}
        found = {name: self.named(name) for name in sorted(self._names) if name}
        return {
            path.name: name
            for name, path in found.items()
            if path is not None and path not in {self._path, self._path.parent / name}
        }

    def original(self) -> Path | None:
        """Return another file that has the name of this very file's planes; else None.

        When its document is the same, the file that was read is a copy of it.
        """
        others: list[Path] = []
        for uuid, names in self._names_of.items():
            if self._is_tiff and (self._is_own(uuid) or not (uuid and self._uuid)):
                others += [found for name in names if (found := self._named_or_own(name))]
        return None if not others or self._path in others else min(others)

    def _find(self, name: str) -> Path | None:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts:
            return None
        if parts[0] != "/" and ".." not in parts:
            found = self._path.parent.joinpath(*parts)
            if _is_file(found):
                return found
        return self._beside(parts[-1])

    def _named_or_own(self, name: str) -> Path | None:
        return self.named(name) if name else self._path

    def _is_own(self, uuid: str) -> bool:
        return bool(uuid) and uuid == self._uuid and len(self._names_of[uuid]) == 1

    def _is_another(self, found: Path, block: PlaneBlock) -> bool:
        """Say whether the file of a block's name is known to be one of another name."""
        if not block.uuid or len(self._names_of[block.uuid]) > 1:
            return False
        own = self._uuid_of(found)
        known = self._names_of.get(own, set()) if own else set()
        return own != block.uuid and len(known) == 1 and block.file_name not in known

    def _with_uuid(self, uuid: str) -> Path | None:
        if self._by_uuid is None:
            there = filter(None, (self.named(name) for name in sorted(self._names)))
            self._by_uuid = {self._uuid_of(path): path for path in there}
        return self._by_uuid.get(uuid)

    def _uuid_of(self, path: Path) -> str:
        if path not in self._uuids:
            self._uuids[path] = own_uuid(path)
        return self._uuids[path]

    def _beside(self, name: str) -> Path | None:
        """Look for a name as it may have been changed: exactly, then by its simple form."""
        if self._folder is None:
            self._folder = defaultdict(list)
            with suppress(OSError):
                for path in self._path.parent.iterdir():
                    self._folder[_simple(path.name)].append(path.name)
        alike = self._folder.get(_simple(name), [])
        chosen = name if name in alike else alike[0] if len(alike) == 1 else None
        found = chosen and self._path.with_name(chosen)
        return found if found and _is_file(found) else None


def last_part(name: str) -> str:
    """Return a name without the folders before it, of whatever system."""
    return name.replace("\\", "/").rpartition("/")[2]


def _simple(name: str) -> str:
    low = name.casefold()
    ending = PurePosixPath(low).suffix
    return low.removesuffix(ending) + _LONG_ENDINGS.get(ending, ending)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # A name too long, or with a NUL in it.
        return False
