"""Find the images of an OME-Zarr: of a plate, of a bioformats2raw collection, or one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
import zarr

from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model import ome_zarr
from transferapp.repositories.local.readers.port import WellPosition

_log = structlog.get_logger(__name__)

#: Files that tell of an array or a group; every other file holds pixels.
METADATA_NAMES = frozenset({"zarr.json", ".zgroup", ".zattrs", ".zarray", ".zmetadata"})
#: Of wells and fields that are not there, so many are logged by name.
_LOGGED = 10


@dataclass(frozen=True, slots=True)
class ImageGroup:
    """A group that is an image, OME's attributes of it, and its place on the plate."""

    group: zarr.Group
    ome: dict[str, Any]
    well: WellPosition | None = None


@dataclass(slots=True)
class Layout:
    """The images below ``root``, which is ``folder`` on disk.

    A plate may list wells and fields of which nothing is there: they were never imaged (0.4
    asks writers to leave such groups out). They are skipped, and noted in the log.
    """

    root: zarr.Group
    folder: Path
    _absent: list[str] = field(default_factory=list, init=False)

    def images(self) -> list[ImageGroup]:
        """Find the images; raises UnsupportedFile when it is no OME-Zarr, DamagedFile."""
        ome = ome_zarr.ome_attributes(self.root.attrs.asdict())
        found = list(self._images(ome))
        if self._absent:
            first = self._absent[:_LOGGED]
            count = len(self._absent)
            _log.info(
                "listed, but not there", folder=self.folder.name, count=count, first=first
            )
        if not found:
            raise DamagedFile(
                f"'{self.folder.name}' holds no image. Copy the whole folder again, then retry."
            )
        return found

    def _images(self, ome: dict[str, Any]) -> Iterator[ImageGroup]:
        if "plate" in ome:
            for well in ome_zarr.wells(ome):
                yield from self._fields(well)
        elif "well" in ome:
            yield from self._listed(ome_zarr.fields(ome))
        elif "multiscales" in ome:
            yield ImageGroup(self.root, ome)
        elif ome_zarr.BIOFORMATS2RAW in ome:
            yield from self._listed(self._series())
        else:
            raise UnsupportedFile(
                f"'{self.folder.name}' has no OME metadata. Export it as OME-Zarr."
            )

    def _fields(self, well: ome_zarr.ListedWell) -> Iterator[ImageGroup]:
        found = self._group(well.path, "well")
        if found is not None:
            for number, path in enumerate(ome_zarr.fields(found.ome)):
                image = self._group(f"{well.path}/{path}", "multiscales")
                if image is not None:
                    place = WellPosition(well.row, well.column, number)
                    yield ImageGroup(image.group, image.ome, place)

    def _listed(self, paths: list[str]) -> Iterator[ImageGroup]:
        for path in paths:
            image = self._group(path, "multiscales")
            if image is not None:
                yield image

    def _series(self) -> list[str]:
        listed: list[str] = []
        if "OME" in self.root and isinstance(ome := self.root["OME"], zarr.Group):
            listed = ome_zarr.series(ome_zarr.ome_attributes(ome.attrs.asdict()))
        return listed or sorted((n for n in self.root.group_keys() if n.isdecimal()), key=int)

    def _group(self, path: str, key: str) -> ImageGroup | None:
        """Return a listed group with OME's attribute ``key``; None when nothing is there."""
        try:
            group = self.root[path]
        except KeyError:
            group = None
        if isinstance(group, zarr.Group):
            ome = ome_zarr.ome_attributes(group.attrs.asdict())
            if key in ome:
                return ImageGroup(group, ome)
        if _holds_more(self.folder / path):
            raise DamagedFile(
                f"'{self.folder.name}' is not complete: the metadata of '{path}' is missing."
                " Copy the whole folder again, then retry."
            )
        self._absent.append(path)
        return None


def _holds_more(folder: Path) -> bool:
    """Say whether there is anything but the metadata of a group."""
    return folder.is_dir() and any(
        entry.name not in METADATA_NAMES for entry in folder.iterdir()
    )
