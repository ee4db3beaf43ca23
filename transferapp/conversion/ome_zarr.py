"""The form OME-Zarr, 0.5 and 0.4: a folder with a pyramid in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from typing_extensions import override

from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.disk_errors import disk_errors
from transferapp.conversion.names import SUFFIXES, file_name
from transferapp.conversion.ome_zarr_documents import OmeZarrVersion, documents
from transferapp.conversion.ome_zarr_files import OmeZarrFiles
from transferapp.conversion.ome_zarr_reading import OmeZarrCheck
from transferapp.conversion.one_pass import OnePass, ShardPixels
from transferapp.conversion.port import Form, ShareListener
from transferapp.conversion.pyramid import Pyramid, Shard
from transferapp.conversion.shard_digests import ShardDigests
from transferapp.model.export_specs import ExportForm

SUFFIX = SUFFIXES[ExportForm.OME_ZARR]


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
        pyramid, place = _pyramid_of(image), folder / file_name(image, SUFFIX)
        files, digests = OmeZarrFiles(place, pyramid, self._version), ShardDigests()
        self._written = None

        def store(shard: Shard, pixels: ShardPixels) -> None:
            digests.store(shard, pixels)
            files.store(shard, pixels)

        await OnePass(image, pyramid, store, listener).run()
        await asyncio.to_thread(_write_documents, image, pyramid, self._version, place)
        self._written = folder, digests

    @override
    async def verify(self, image: CutImage, folder: Path, listener: ShareListener) -> None:
        pyramid, place = _pyramid_of(image), folder / file_name(image, SUFFIX)
        if self._written and self._written[0] == folder:
            digests, share = self._written[1], 0.0
        else:
            digests, share = ShardDigests(), 0.5
            again = OnePass(image, pyramid, digests.store, lambda done: listener(done / 2))
            await again.run()
        check = OmeZarrCheck(place, image, pyramid, self._version)
        await check.run(digests, lambda done: listener(share + done * (1 - share)))


def _pyramid_of(image: CutImage) -> Pyramid:
    return Pyramid((image.size_t, image.size_c, image.size_z, image.size_y, image.size_x))


def _write_documents(
    image: CutImage, pyramid: Pyramid, version: OmeZarrVersion, place: Path
) -> None:
    """Write the documents after all pixels: without them nobody takes it for an image."""
    with disk_errors():
        for name, content in documents(image, pyramid, version).items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
