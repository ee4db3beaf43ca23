"""A large image as OME-Zarr in portions, which many workers make at the same time.

A portion is some shards of one level with all that they are made of; levels above that one are
made of all portions. Each portion leaves the halves of its uppermost shards in the notes, 1/64
of its pixels: nothing that is compressed already is read for it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from typing_extensions import override

from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.disk_errors import disk_errors
from transferapp.conversion.halving import halve
from transferapp.conversion.image_shards import ShardPixels
from transferapp.conversion.names import SUFFIXES, file_name
from transferapp.conversion.ome_zarr_documents import (
    OmeZarrVersion,
    attributes,
    level_documents,
    whole_documents,
    write_documents,
)
from transferapp.conversion.ome_zarr_files import OmeZarrFiles
from transferapp.conversion.ome_zarr_labels import labels_of
from transferapp.conversion.ome_zarr_reading import OmeZarrCheck
from transferapp.conversion.one_pass import OnePass, ShardStore, Span, pass_over
from transferapp.conversion.port import MadeFile, Portions, ShareListener, portion_of
from transferapp.conversion.pyramid import Pyramid, Shard, pyramid_of
from transferapp.conversion.shard_digests import ShardDigests
from transferapp.errors import ChecksumMismatch
from transferapp.host.durability import sync
from transferapp.model.export_specs import ExportForm

_SUFFIX = SUFFIXES[ExportForm.OME_ZARR]
#: Writing takes most of the time, reading back the rest.
_WRITING = 0.6
#: Where the steps of the end stop: levels, labels, labels that were read back.
_REST, _LABELS, _LABELS_READ = 0.3, 0.5, 0.7


class OmeZarrPortions(Portions):
    """One image in portions; any process makes any of them."""

    def __init__(self, image: CutImage, version: OmeZarrVersion, most_pixels: int) -> None:
        """Divide ``image`` into portions of at most about so many pixels."""
        self._image = image
        self._version = version
        self._pyramid = pyramid_of(image)
        self._most_pixels = most_pixels

    @property
    @override
    def count(self) -> int:
        return len(self._portions)

    @override
    async def begin(self, files: Path) -> None:
        made = level_documents(self._image, self._pyramid, self._version)
        await asyncio.to_thread(write_documents, self._place(files), made)

    @override
    async def write(
        self, number: int, files: Path, notes: Path, listener: ShareListener
    ) -> Mapping[str, MadeFile]:
        roots, place = self._portions[number], self._place(files)
        level = roots[0].level
        halves = _Halves(notes)
        made = OmeZarrFiles(place, self._pyramid, self._version, notes)
        digests = ShardDigests()

        def store(shard: Shard, pixels: ShardPixels) -> None:
            digests.store(shard, pixels)
            made.store(shard, pixels)
            if shard.level == level and self._pyramid.above(shard):
                halves.keep(shard, pixels)

        writing = portion_of(listener, 0.0, _WRITING)
        await pass_over(self._image, self._pyramid, store, writing, roots).run()
        await self._check(place).run_portion(digests, portion_of(listener, _WRITING, 1.0))
        paths = [*(place / name for name in made.made), *halves.paths]
        await asyncio.to_thread(_sync_all, files, notes, paths)
        return {f"{place.name}/{name}": one for name, one in made.made.items()}

    @override
    async def finish(self, files: Path, notes: Path, listener: ShareListener) -> None:
        place, digests = self._place(files), ShardDigests()
        made = OmeZarrFiles(place, self._pyramid, self._version)

        def store(shard: Shard, pixels: ShardPixels) -> None:
            digests.store(shard, pixels)
            made.store(shard, pixels)

        base = self._portions[0][0].level + 1
        if base < len(self._pyramid.shapes):
            await self._rest(base, _Halves(notes), store, portion_of(listener, 0.0, _REST))
        if labels := labels_of(self._image, self._version):
            await labels.write(place, portion_of(listener, _REST, _LABELS))
            await labels.verify(place, portion_of(listener, _LABELS, _LABELS_READ))
        documents = whole_documents(self._image, self._pyramid, self._version)
        await asyncio.to_thread(write_documents, place, documents)
        await self._check(place).run_rest(digests, portion_of(listener, _LABELS_READ, 1.0))

    @cached_property
    def _portions(self) -> Sequence[tuple[Shard, ...]]:
        return self._pyramid.portions(self._most_pixels)

    def _place(self, files: Path) -> Path:
        return files / file_name(self._image, _SUFFIX)

    def _check(self, place: Path) -> OmeZarrCheck:
        wanted = attributes(self._image, self._pyramid, self._version)
        return OmeZarrCheck(place, self._image, self._pyramid, wanted)

    async def _rest(
        self, base: int, halves: _Halves, store: ShardStore, listener: ShareListener
    ) -> None:
        """Make the levels from ``base`` on of what the portions left."""

        async def read(shard: Shard, count: Callable[[int], None]) -> ShardPixels:
            pixels = np.empty(shard.shape, self._image.dtype)
            await asyncio.to_thread(halves.fill, self._pyramid, shard, pixels)
            count(pixels.size)
            return pixels

        await OnePass(read, self._pyramid, store, listener, Span(base=base)).run()


class _Halves:
    """The halves of the uppermost shards of portions, as files; used by several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.paths: list[Path] = []

    def keep(self, shard: Shard, pixels: ShardPixels) -> None:
        """Write the halves of a shard; raises StorageFull, Unavailable."""
        *planes, y, x = pixels.shape
        halves = np.empty((*planes, (y + 1) // 2, (x + 1) // 2), pixels.dtype)
        halve(pixels, halves)
        path = self._path(shard)
        half = path.with_name(f"{uuid.uuid4().hex}.half")
        with disk_errors():
            half.write_bytes(halves.data)
            half.replace(path)
        self.paths.append(path)

    def fill(self, pyramid: Pyramid, shard: Shard, pixels: ShardPixels) -> None:
        """Put a shard together; raises ChecksumMismatch for what a portion did not leave."""
        for below in pyramid.below(shard):
            into = pixels[pyramid.quarter(below, shard)]
            try:
                found = np.fromfile(self._path(below), pixels.dtype).reshape(into.shape)
            except (FileNotFoundError, ValueError):
                raise ChecksumMismatch(
                    "What was made of a part of this image is damaged. Press Retry: it is made"
                    " again."
                ) from None
            into[...] = found

    def _path(self, shard: Shard) -> Path:
        return self._folder / (".".join(map(str, (shard.level, *shard.start))) + ".raw")


def _sync_all(files: Path, notes: Path, paths: Sequence[Path]) -> None:
    """Make files durable, and their names."""
    above = {folder for path in paths for folder in path.parents}
    with disk_errors():
        for path in paths:
            sync(path)
        for folder in {notes, *(one for one in above if one.is_relative_to(files))}:
            sync(folder)
