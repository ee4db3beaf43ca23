"""Read OME-TIFF: one file, many files, a companion, and plates of them.

Source: the OME-TIFF specification, OME-XML schema 2016-06 (docs.openmicroscopy.org/ome-model).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tifffile import TiffPage
from typing_extensions import override

from transferapp.errors import DamagedFile, MissingCompanion, UnsupportedFile
from transferapp.model.images import TileRegion
from transferapp.ome.document import OmeChannel, OmeDocument, OmeImage, PlaneBlock, WellPlace
from transferapp.ome.files import OmeFiles
from transferapp.ome.planes import Placed, Wanted, place
from transferapp.ome.reading import parse, read_document
from transferapp.repositories.local.readers import tiff_pages
from transferapp.repositories.local.readers.port import (
    ChannelHint,
    ImageHeader,
    OpenFileset,
    ReadImage,
    WellPosition,
)
from transferapp.repositories.local.readers.tiff_files import (
    TiffFiles,
    open_tiff,
    tiff_failures,
)

_TIFF = (b"II", b"MM")


@dataclass(frozen=True, slots=True)
class OmeSource:
    """Where OME-XML came from: the file itself, and the folder that names must stay in."""

    path: Path
    root: Path

    def is_tiff(self) -> bool:
        """Say whether the file may hold planes itself."""
        with self.path.open("rb") as file:
            return file.read(2) in _TIFF

    def inside(self, path: Path | None, name: str) -> Path:
        """Return a file that was found by a name; raises MissingCompanion."""
        # A name that leads out of the fileset would show other people's files.
        if path is None or not path.resolve().is_relative_to(self.root.resolve()):
            raise MissingCompanion(
                f"'{name}' belongs to this image and is missing. Add it to the folder, then"
                " drop the folder again."
            )
        return path.resolve()


def open_ome(source: OmeSource, document: OmeDocument) -> OpenFileset:
    """Open the images of an OME document; follows it to the file that holds the real one.

    Raises DamagedFile when that holds none, MissingCompanion when it is not there.
    """
    if document.metadata_file:
        name = document.metadata_file
        named = OmeFiles(source.path, document, is_tiff=False).named(name)
        source = OmeSource(source.inside(named, name), source.root)
        found = _document_of(source)
        if found is None or found.metadata_file:
            raise DamagedFile(f"'{source.path.name}' is no OME-XML.")
        document = found
    return OmeTiffFileset(source, document)


def _document_of(source: OmeSource) -> OmeDocument | None:
    if not source.is_tiff():
        return read_document(source.path)
    with open_tiff(source.path) as tif, tiff_failures(source.path):
        return parse(tif.pages.first.description or "")


class OmeTiffFileset(OpenFileset):
    """All images of an OME document."""

    def __init__(self, source: OmeSource, document: OmeDocument) -> None:
        # Fields of a plate that were not acquired; alone, they are taken for an oversight.
        images = [i for i in document.images if i.has_pixels] or list(document.images)
        self._files = TiffFiles()
        self.plates = document.plates
        try:
            placed = _Places(source, document, self._files).of(images)
            self.images = [
                OmeTiffImage(self._files, where, image, document.wells.get(image.id))
                for image, where in zip(images, placed, strict=True)
            ]
        except BaseException:
            self.close()
            raise

    @override
    def close(self) -> None:
        """Close the files."""
        self._files.close()


class _Places:
    """Finds file and page of every plane of a document."""

    def __init__(self, source: OmeSource, document: OmeDocument, files: TiffFiles) -> None:
        self._source, self._files = source, files
        self._is_tiff = source.is_tiff()
        self._names = OmeFiles(source.path, document, is_tiff=self._is_tiff)
        self._alone = len(document.images) == 1

    def of(self, images: list[OmeImage]) -> list[Placed[Path]]:
        """Return the places of each image's planes."""
        return place([self._wanted(image) for image in images], self._count)

    def _wanted(self, image: OmeImage) -> Wanted[Path]:
        blocks = [(block, self._file(block)) for block in image.blocks]
        own = self._source.path if self._is_tiff else None
        if not blocks and own is None:
            raise _no_pixels(image)
        return Wanted(image.layout(self._samples(image, blocks)), blocks, own)

    def _file(self, block: PlaneBlock) -> Path:
        found = self._names.of(block)
        own = found == self._source.path
        return self._source.path if own else self._source.inside(found, block.file_name)

    def _samples(self, image: OmeImage, blocks: list[tuple[PlaneBlock, Path]]) -> int:
        """Return the samples of a pixel: pages know it, what channels say is often wrong."""
        if not blocks and not self._alone:
            return image.samples
        path, page = (blocks[0][1], blocks[0][0].page) if blocks else (self._source.path, 0)
        with tiff_failures(path):
            return int(self._files.page(path, page).keyframe.samplesperpixel)

    def _count(self, path: Path) -> int:
        with tiff_failures(path):
            return len(self._files.get(path).pages)


class OmeTiffImage(ReadImage):
    """One image whose planes lie in pages of one or many files."""

    def __init__(
        self, files: TiffFiles, placed: Placed[Path], image: OmeImage, well: WellPlace | None
    ) -> None:
        self._files, self._placed = files, placed
        if not placed.pages:
            raise _no_pixels(image)
        path, index = next(iter(placed.pages.values()))
        with tiff_failures(path):
            page = files.page(path, index)
            levels = [tiff_pages.level_of(p) for p in tiff_pages.levels_of(page)]
            self._samples = tiff_pages.samples_of(page)
            dtype = tiff_pages.dtype_name(page)
            hints = tiff_pages.channel_hints(page)
        if (levels[0].size_y, levels[0].size_x) != (image.sizes["Y"], image.sizes["X"]):
            raise DamagedFile(f"'{path.name}' is not of the size that its OME-XML says.")
        self.header = ImageHeader(
            name=image.name,
            size_t=placed.layout.size_t,
            size_c=placed.layout.size_c * self._samples,
            size_z=placed.layout.size_z,
            dtype=dtype,
            levels=tuple(levels),
            channels=_channels(image, hints, placed.layout.size_c),
            pixel_size_um=image.pixel_size_um,
            acquired_at=image.acquired_at,
            well=_position(well),
            time_step_s=image.time_step_s,
            description=image.description,
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read the region, (height, width), from the page that holds the plane; a plane never
        acquired is black. Raises DamagedFile, UnsupportedFile.
        """
        page_c, sample = divmod(region.c, self._samples)
        where = self._placed.page(region.z, page_c, region.t)
        if where is None:
            return np.zeros((region.height, region.width), self.header.dtype)
        path, index = where
        with tiff_failures(path):
            levels = self._levels(path, index)
            return tiff_pages.read_region(levels[region.level], sample, region)

    @override
    def check(self) -> None:
        """Look at every page of every file, and keep the levels that all of them have."""
        for path, index in self._pages():
            with tiff_failures(path):
                levels = self._levels(path, index)
                both = zip(map(tiff_pages.level_of, levels), self.header.levels, strict=False)
                common = tuple(
                    size for size, _ in takewhile(lambda two: two[0] == two[1], both)
                )
                if common != self.header.levels:
                    self.header = replace(self.header, levels=common)
                for level in levels:
                    tiff_pages.check_page(level)

    def _levels(self, path: Path, index: int) -> list[TiffPage]:
        """Return a page's levels; raises DamagedFile unless it is as the first page is.

        Bio-Formats 7.3.1 reads a page of another type or size as if it were.
        """
        levels = tiff_pages.levels_of(self._files.page(path, index))
        what = ""
        if tiff_pages.level_of(levels[0]) != self.header.levels[0]:
            what = "size that its OME-XML says"
        elif tiff_pages.dtype_name(levels[0]) != self.header.dtype:
            what = f"pixel type that the first has ({self.header.dtype})"
        elif tiff_pages.samples_of(levels[0]) != self._samples:
            what = f"number of samples that the first has ({self._samples})"
        if what:
            raise DamagedFile(
                f"Page {index + 1} of '{path.name}' is not of the {what}. Export it again,"
                " then retry."
            )
        return levels

    def _pages(self) -> Iterator[tuple[Path, int]]:
        yield from sorted(set(self._placed.pages.values()))


def _channels(
    image: OmeImage, hints: tuple[ChannelHint, ...], pages_c: int
) -> tuple[ChannelHint, ...]:
    """Return the XML's channels, unless each of them is several samples of a page.

    These have the name of their channel in front: "Brightfield: Red", "Lambda: 2".
    """
    window = hints[0].window if len(hints) == 1 else None
    stated = tuple(hint_of(each, window) for each in image.channels)
    unsaid = set(hints) == {ChannelHint()}
    if len(hints) == 1 or (unsaid and len(stated) == len(hints) * pages_c):
        return stated
    if len(stated) != pages_c:
        return hints * pages_c
    return tuple(
        replace(
            hint,
            name=f"{channel.name}: {hint.name or n}" if channel.name else hint.name,
            excitation_nm=channel.excitation_nm,
            emission_nm=channel.emission_nm,
        )
        for channel in stated
        for n, hint in enumerate(hints, start=1)
    )


def hint_of(channel: OmeChannel, window: tuple[float, float] | None = None) -> ChannelHint:
    """Return what a channel of the XML says."""
    return ChannelHint(
        channel.name,
        channel.color,
        window,
        excitation_nm=channel.excitation_nm,
        emission_nm=channel.emission_nm,
    )


def _position(well: WellPlace | None) -> WellPosition | None:
    if well is None:
        return None
    return WellPosition(well.row, well.column, well.field, well.plate)


def _no_pixels(image: OmeImage) -> UnsupportedFile:
    return UnsupportedFile(
        f"The image '{image.name}' has no pixels in TIFF files. Export it as OME-TIFF."
    )
