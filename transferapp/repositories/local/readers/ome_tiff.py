"""Read OME-TIFF: one file, many files, a companion, and plates of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from typing_extensions import override

from transferapp.errors import DamagedFile, MissingCompanion, UnsupportedFile
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers import ome_xml, tiff_pages
from transferapp.repositories.local.readers.ome_xml import OmeDocument, OmeImage, PlaneBlock
from transferapp.repositories.local.readers.port import (
    ChannelHint,
    ImageHeader,
    OpenFileset,
    ReadImage,
)
from transferapp.repositories.local.readers.tiff_files import TiffFiles, tiff_failures


@dataclass(frozen=True, slots=True)
class OmeSource:
    """Where OME-XML came from: the file itself, and the folder that names must stay in."""

    path: Path
    root: Path

    def sibling(self, name: str) -> Path:
        """Return a file named beside this one; raises MissingCompanion."""
        path = (self.path.parent / name.replace("\\", "/")).resolve()
        # A name that leads out of the fileset would show other people's files.
        if not path.is_relative_to(self.root.resolve()) or not path.is_file():
            raise MissingCompanion(
                f"'{name}' belongs to this image and is missing. Add it to the folder, then"
                " drop the folder again."
            )
        return path


def open_ome(source: OmeSource, document: OmeDocument) -> OpenFileset:
    """Open the images of an OME document; follows it to its companion file."""
    if document.metadata_file:
        companion = source.sibling(document.metadata_file)
        found = ome_xml.parse(companion.read_bytes())
        if found is None or found.metadata_file:
            raise DamagedFile(f"'{companion.name}' is no OME-XML.")
        source, document = OmeSource(companion, source.root), found
    return OmeTiffFileset(source, document)


class OmeTiffFileset(OpenFileset):
    """All images of an OME document."""

    def __init__(self, source: OmeSource, document: OmeDocument) -> None:
        if not document.images:
            raise DamagedFile("Its OME-XML describes no image.")
        self._files = TiffFiles()
        self.plate_name = document.plate_name
        try:
            self.images = [
                OmeTiffImage(self._files, _plane_map(source, document, image, self._files))
                for image in document.images
            ]
        except BaseException:
            self.close()
            raise

    @override
    def close(self) -> None:
        """Close the files."""
        self._files.close()


class _PlaneMap:
    """In which file and page each plane of one image lies."""

    def __init__(
        self, source: OmeSource, document: OmeDocument, image: OmeImage, files: TiffFiles
    ) -> None:
        self.image = image
        self.well = document.wells.get(image.id)
        self._source, self._files = source, files
        self.pages: dict[tuple[int, int, int], tuple[Path, int]] = {}
        for block in image.blocks:
            self._add(block, self._path(block, document.uuid))
        if not self.pages:
            raise UnsupportedFile(
                f"The image '{image.name}' has no pixels in TIFF files. Export it as OME-TIFF."
            )

    def _path(self, block: PlaneBlock, own_uuid: str) -> Path:
        own = self._source.path
        is_tiff = own.suffix.lower() in {".tif", ".tiff", ".tf2", ".tf8", ".btf"}
        # Renamed since: the UUID still tells that the planes are in this very file.
        if is_tiff and (not block.file_name or (block.uuid and block.uuid == own_uuid)):
            return own
        return self._source.sibling(block.file_name)

    def _add(self, block: PlaneBlock, path: Path) -> None:
        count = block.count
        if count is None:
            count = len(self._files.get(path).pages) - block.page
        for step, plane in enumerate(ome_xml.planes(self.image, block, count)):
            self.pages[plane] = path, block.page + step

    @property
    def any_page(self) -> tuple[Path, int]:
        """The page that tells sizes and pixel type for all."""
        return next(iter(self.pages.values()))


def _plane_map(
    source: OmeSource, document: OmeDocument, image: OmeImage, files: TiffFiles
) -> _PlaneMap:
    """Map an image's planes; how many samples a page has is what the page says."""
    planes = _PlaneMap(source, document, image, files)
    path, index = planes.any_page
    with tiff_failures(path):
        samples = tiff_pages.samples_of(files.page(path, index))
    # Bio-Formats 7.3 too believes the page where the XML counts its samples as pages.
    if image.samples == 1 and samples > 1 and image.sizes["C"] % samples == 0:
        return _PlaneMap(source, document, replace(image, samples=samples), files)
    return planes


class OmeTiffImage(ReadImage):
    """One image whose planes lie in pages of one or many files."""

    def __init__(self, files: TiffFiles, planes: _PlaneMap) -> None:
        self._files, self._planes = files, planes
        path, index = planes.any_page
        with tiff_failures(path):
            page = files.page(path, index)
            levels = [tiff_pages.level_of(p) for p in tiff_pages.levels_of(page)]
            self._samples = tiff_pages.samples_of(page)
            dtype = tiff_pages.dtype_name(page)
            hints = tiff_pages.channel_hints(page)
        image = planes.image
        if (levels[0].size_y, levels[0].size_x) != (image.sizes["Y"], image.sizes["X"]):
            raise DamagedFile(f"'{path.name}' is not of the size that its OME-XML says.")
        self.header = ImageHeader(
            name=image.name,
            size_t=image.sizes["T"],
            size_c=image.pages_c * self._samples,
            size_z=image.sizes["Z"],
            dtype=dtype,
            levels=tuple(levels),
            channels=_channels(image, hints),
            pixel_size_um=image.pixel_size_um,
            acquired_at=image.acquired_at,
            well=planes.well,
        )

    @override
    def read(self, region: TileRegion) -> npt.NDArray[np.generic]:
        """Read from the page that holds the plane; a plane never acquired is black."""
        page_c, sample = divmod(region.c, self._samples)
        where = self._planes.pages.get((region.z, page_c, region.t))
        if where is None:
            return np.zeros((region.height, region.width), self.header.dtype)
        path, index = where
        with tiff_failures(path):
            levels = tiff_pages.levels_of(self._files.page(path, index))
            return tiff_pages.read_region(levels[region.level], sample, region)

    @override
    def check(self) -> None:
        """Look at every page of every file."""
        for path, index in sorted(set(self._planes.pages.values())):
            with tiff_failures(path):
                levels = tiff_pages.levels_of(self._files.page(path, index))
                if len(levels) != len(self.header.levels):
                    raise DamagedFile(f"'{path.name}' lacks some of its smaller levels.")
                for level in levels:
                    tiff_pages.check_page(level)


def _channels(image: OmeImage, hints: tuple[ChannelHint, ...]) -> tuple[ChannelHint, ...]:
    """Return the XML's channels, unless the samples of its pages are light."""
    unsaid = set(hints) == {ChannelHint()}
    if len(hints) == 1 or (unsaid and len(image.channels) == len(hints) * image.pages_c):
        return image.channels
    return hints * image.pages_c
