"""The form OME-Zarr, 0.5 and 0.4: a folder with a pyramid in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from typing_extensions import override

from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.image_shards import ShardPixels
from transferapp.conversion.names import SUFFIXES, file_name
from transferapp.conversion.ome_zarr_documents import (
    OmeZarrVersion,
    attributes,
    documents,
    write_documents,
)
from transferapp.conversion.ome_zarr_files import OmeZarrFiles
from transferapp.conversion.ome_zarr_labels import labels_of
from transferapp.conversion.ome_zarr_portions import OmeZarrPortions
from transferapp.conversion.ome_zarr_reading import OmeZarrCheck
from transferapp.conversion.one_pass import pass_over
from transferapp.conversion.port import Form, Portions, ShareListener, portion_of
from transferapp.conversion.pyramid import Shard, pyramid_of
from transferapp.conversion.shard_digests import ShardDigests
from transferapp.model.export_specs import ExportForm

SUFFIX = SUFFIXES[ExportForm.OME_ZARR]
#: Labels take little time beside the pixels.
_PIXELS = 0.9


class OmeZarr(Form):
    """Writes images as OME-Zarr of one version, and remembers digests of the last one.

    Verifying another one, or after a crash, reads the image again.
    """

    def __init__(self, version: OmeZarrVersion = OmeZarrVersion.V05) -> None:
        """Write this version."""
        self._version = version
        self._written: tuple[Path, ShardDigests] | None = None

    @override
    async def write(self, image: CutImage, folder: Path, listener: ShareListener) -> None:
        pyramid, place = pyramid_of(image), folder / file_name(image, SUFFIX)
        files, digests = OmeZarrFiles(place, pyramid, self._version), ShardDigests()
        self._written = None

        def store(shard: Shard, pixels: ShardPixels) -> None:
            digests.store(shard, pixels)
            files.store(shard, pixels)

        labels = labels_of(image, self._version)
        end = _PIXELS if labels else 1.0
        await pass_over(image, pyramid, store, portion_of(listener, 0.0, end)).run()
        if labels:
            await labels.write(place, portion_of(listener, end, 1.0))
        made = documents(image, pyramid, self._version)
        await asyncio.to_thread(write_documents, place, made)
        self._written = folder, digests

    @override
    def portions(self, image: CutImage, most_pixels: int) -> Portions | None:
        return OmeZarrPortions(image, self._version, most_pixels)

    @override
    async def verify(self, image: CutImage, folder: Path, listener: ShareListener) -> None:
        pyramid, place = pyramid_of(image), folder / file_name(image, SUFFIX)
        if self._written and self._written[0] == folder:
            digests, share = self._written[1], 0.0
        else:
            digests, share = ShardDigests(), 0.5
            again = pass_over(image, pyramid, digests.store, lambda done: listener(done / 2))
            await again.run()
        wanted = attributes(image, pyramid, self._version)
        check = OmeZarrCheck(place, image, pyramid, wanted)
        labels = labels_of(image, self._version)
        end = _PIXELS if labels else 1.0
        await check.run(digests, portion_of(listener, share, end))
        if labels:
            await labels.verify(place, portion_of(listener, end, 1.0))
