"""Find the images of an OME-Zarr, wherever its groups are read from."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, Literal

from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model import ome_zarr

#: Where a Zarr without OME's metadata holds images, so many are named.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class FoundImage:
    """A group that is an image, OME's attributes of it, and the well that it is a field of."""

    path: str
    ome: dict[str, Any]
    well: ome_zarr.ListedWell | None = None
    #: The number of the field in its well.
    field: int = 0


class MetadataTree(ABC):
    """The metadata of a Zarr, format 2 or 3, read as JSON; the root's path is empty.

    Nothing is taken from consolidated metadata: it may be older than what it tells of.
    """

    def __init__(self, name: str) -> None:
        """Read the Zarr of this name."""
        self.name = name

    @abstractmethod
    def read(self, path: str) -> bytes | None:
        """Return a file of metadata, None when there is none."""

    @abstractmethod
    def names(self, path: str) -> list[str]:
        """Return the names of the folders in a group."""

    @abstractmethod
    def holds_more(self, path: str) -> bool:
        """Say whether there is anything at a path but the metadata of a group."""

    @cached_property
    def zarr_format(self) -> Literal[2, 3]:
        """The format; zarr prefers 3 where there are both."""
        return 2 if self.read("zarr.json") is None else 3

    def attributes(self, path: str) -> dict[str, Any] | None:
        """Return a group's attributes, None when there is no group; raises DamagedFile."""
        if self.zarr_format == 2:  # noqa: PLR2004
            is_group = self.read(join(path, ".zgroup")) is not None
            return self._document(join(path, ".zattrs")) or {} if is_group else None
        node = self._document(join(path, "zarr.json")) or {}
        if node.get("node_type") != "group":
            return None
        found = node.get("attributes")
        return found if isinstance(found, dict) else {}

    def array(self, path: str) -> dict[str, Any] | None:
        """Return an array's metadata, None when there is no array; raises DamagedFile."""
        if self.zarr_format == 2:  # noqa: PLR2004
            return self._document(join(path, ".zarray"))
        node = self._document(join(path, "zarr.json"))
        return node if node and node.get("node_type") == "array" else None

    def _document(self, path: str) -> dict[str, Any] | None:
        content = self.read(path)
        if content is None:
            return None
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise DamagedFile(
                f"'{self.name}' is not complete: its {path} is cut short. Copy the whole folder"
                " again."
            )
        return found


class ImageSearch:
    """Finds the images of an OME-Zarr.

    A plate may list wells and fields of which nothing is there: they were never imaged (0.4
    and 0.5 ask writers to leave such groups out). They are skipped and kept in ``absent``.
    """

    def __init__(self, tree: MetadataTree) -> None:
        """Search this Zarr."""
        self._tree = tree
        self.absent: list[str] = []

    def images(self) -> Iterator[FoundImage]:
        """Yield the images; raises UnsupportedFile when it is no OME-Zarr, DamagedFile."""
        if self._tree.array("") is not None:
            raise _no_ome_zarr(self._tree.name)
        found = False
        for image in self._images(self._ome("")):
            found = True
            yield image
        if not found:
            raise DamagedFile(
                f"'{self._tree.name}' holds no image. Copy the whole folder again."
            )

    def _images(self, ome: dict[str, Any] | None) -> Iterator[FoundImage]:
        if ome is None:
            raise self._incomplete("its own metadata")
        if "plate" in ome:
            for well in ome_zarr.wells(ome):
                yield from self._fields(well)
        elif "well" in ome:
            yield from self._listed(ome_zarr.fields(ome))
        elif "multiscales" in ome:
            yield FoundImage("", ome)
        elif ome_zarr.BIOFORMATS2RAW in ome:
            yield from self._listed(self._series())
        else:
            below = islice(self._images_below("", 2), _NAMED)
            raise _no_ome_zarr(self._tree.name, list(below))

    def _fields(self, well: ome_zarr.ListedWell) -> Iterator[FoundImage]:
        found = self._group(well.path, "well")
        for number, path in enumerate(ome_zarr.fields(found) if found else ()):
            image = self._group(f"{well.path}/{path}", "multiscales")
            if image is not None:
                yield FoundImage(f"{well.path}/{path}", image, well, number)

    def _listed(self, paths: list[str]) -> Iterator[FoundImage]:
        for path in paths:
            image = self._group(path, "multiscales")
            if image is not None:
                yield FoundImage(path, image)

    def _series(self) -> list[str]:
        listed = ome_zarr.series(self._ome("OME") or {})
        return listed or sorted((n for n in self._tree.names("") if n.isdecimal()), key=int)

    def _ome(self, path: str) -> dict[str, Any] | None:
        found = self._tree.attributes(path)
        return None if found is None else ome_zarr.ome_attributes(found)

    def _group(self, path: str, key: str) -> dict[str, Any] | None:
        """Return the attributes of a listed group; None when nothing is there."""
        ome = self._ome(path)
        if ome is not None and key in ome:
            return ome
        if self._tree.holds_more(path):
            raise self._incomplete(f"the metadata of '{path}'")
        self.absent.append(path)
        return None

    def _incomplete(self, what: str) -> DamagedFile:
        return DamagedFile(
            f"'{self._tree.name}' is not complete: {what} is missing. Copy the whole folder"
            " again, with its hidden files."
        )

    def _images_below(self, path: str, depth: int) -> Iterator[str]:
        for name in sorted(self._tree.names(path)):
            below = join(path, name)
            if ome_zarr.reports_of_images(self._ome(below) or {}):
                yield below
            elif depth > 1:
                yield from self._images_below(below, depth - 1)


def _no_ome_zarr(name: str, below: Sequence[str] = ()) -> UnsupportedFile:
    """Say that a Zarr tells of no image; ``below`` are groups in it that do."""
    inside = ", ".join(f"'{path}'" for path in below)
    remedy = f"Drop the images in it by themselves: {inside}" if inside else "Leave it out"
    return UnsupportedFile(
        f"'{name}' is a Zarr but no OME-Zarr: its metadata describes no image. {remedy}."
    )


def join(path: str, name: str) -> str:
    """Return the path of ``name`` in a group, whose path is empty for the root."""
    return f"{path}/{name}" if path else name
