"""Tell whether an OME-Zarr is all there and can be shown, from its metadata as JSON."""

from __future__ import annotations

import re
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from transferapp.errors import DamagedFile, EmptyFile, UnsupportedFile
from transferapp.intake.file_names import problem_of
from transferapp.intake.scanning import FoundFile
from transferapp.model import ome_zarr
from transferapp.model.ome_zarr import METADATA_NAMES
from transferapp.model.ome_zarr_axes import axes_of
from transferapp.model.ome_zarr_search import FoundImage, ImageSearch, MetadataTree, join
from transferapp.model.pixel_types import why_not_shown

#: Longest time that the metadata of one OME-Zarr is looked through, in seconds.
ZARR_BUDGET_S = 2.0
#: Names of chunk files: of format 2 ``0.1.2`` or ``2``; of format 3 mostly ``2``, with dots
#: ``c.0.1.2``, and ``c`` for the one of an array without dimensions.
_CHUNK = re.compile(r"[0-9]+(\.[0-9]+)*|c(\.[0-9]+)*")
#: What zarr and numcodecs unpack without further packages (zarr 3.1, numcodecs 0.16).
KNOWN_CODECS = frozenset(
    {
        "adler32", "astype", "bitround", "blosc", "bytes", "bz2", "crc32", "crc32c", "delta",
        "fixedscaleoffset", "fletcher32", "gzip", "lz4", "lzma", "packbits", "quantize",
        "sharding_indexed", "shuffle", "transpose", "zlib", "zstd",
    }
)  # fmt: skip
_NAMED = 3


def check_zarr(files: Sequence[FoundFile]) -> list[str]:
    """Look through an OME-Zarr, whose root metadata comes first; returns doubts as sentences.

    What comes after ``ZARR_BUDGET_S`` is believed. Raises DamagedFile, UnsupportedFile,
    EmptyFile, UnreadableFile, VanishedFile.
    """
    tree = _Files(files)
    search = ImageSearch(tree)
    seen = _Seen()
    deadline = time.monotonic() + ZARR_BUDGET_S
    for image in search.images():
        _check_image(tree, image, seen)
        if time.monotonic() > deadline:
            break
    has_chunks = any(_CHUNK.fullmatch(file.name) for file in files)
    found = _doubts(search.absent, seen, has_chunks=has_chunks)
    return [f"'{tree.name}' {doubt}" for doubt in found]


def is_empty_chunk(name: str, size_bytes: int) -> bool:
    """Say whether a file of a Zarr is a chunk that was never written."""
    return not size_bytes and _CHUNK.fullmatch(name) is not None


@dataclass(slots=True)
class _Seen:
    """What the arrays of all images have in common."""

    #: The names of their codecs.
    codecs: dict[str, None] = field(default_factory=dict)
    #: Paths of levels without any chunk, in images whose other levels have some.
    hollow: list[str] = field(default_factory=list)


class _Files(MetadataTree):
    """The files of a Zarr as they were scanned, by their place in it."""

    def __init__(self, files: Sequence[FoundFile]) -> None:
        root = files[0].client_path.rpartition("/")[0]
        super().__init__(root.rpartition("/")[2])
        self._files = {file.client_path[len(root) + 1 :]: file for file in files}
        self._paths = sorted(self._files)

    @override
    def read(self, path: str) -> bytes | None:
        """Return a file of metadata, None when there is none."""
        file = self._files.get(path)
        if file is None:
            return None
        try:
            return file.path.read_bytes()
        except OSError as error:
            raise problem_of(error, file.path) from error

    @override
    def names(self, path: str) -> list[str]:
        """Return the names of the folders in a group."""
        return list({below.partition("/")[0] for below in self._below(path) if "/" in below})

    @override
    def holds_more(self, path: str) -> bool:
        """Say whether there is anything at a path but the metadata of a group."""
        return any(below not in METADATA_NAMES for below in self._below(path))

    def _below(self, path: str) -> Iterator[str]:
        """Yield what lies below a path, relative to it."""
        start = join(path, "")
        for number in range(bisect_left(self._paths, start), len(self._paths)):
            if not self._paths[number].startswith(start):
                return
            yield self._paths[number][len(start) :]


def _check_image(tree: _Files, image: FoundImage, seen: _Seen) -> None:
    scales = ome_zarr.first_multiscales(image.ome)
    hollow = []
    for number, path in enumerate(ome_zarr.levels(scales)):
        place = join(image.path, path)
        array = tree.array(place)
        if array is None:
            raise DamagedFile(
                f"'{tree.name}' is not complete: its level '{place}' is missing. Copy the"
                " whole folder again, with its hidden files."
            )
        if why := why_not_shown(_dtype(array)):
            raise UnsupportedFile(f"'{tree.name}' {why}")
        shape = _shape(tree, place, array)
        # A level of other dimensions, or without pixels, is left out by the reader.
        if number == 0:
            axes_of(scales, len(shape))
            if 0 in shape:
                raise EmptyFile(f"'{tree.name}' has an image without pixels. Leave it out.")
        seen.codecs.update(dict.fromkeys(_codecs(array)))
        if not tree.holds_more(place):
            hollow.append(place)
    if len(hollow) < len(ome_zarr.levels(scales)):
        seen.hollow += hollow


def _shape(tree: _Files, place: str, array: dict[str, Any]) -> list[Any]:
    shape = array.get("shape")
    if not isinstance(shape, list):
        raise DamagedFile(f"'{tree.name}' is damaged: its '{place}' has no shape.")
    return shape


def _dtype(array: dict[str, Any]) -> str:
    """Return numpy's name of an array's type; what numpy does not know is as it is written."""
    found = array.get("data_type", array.get("dtype"))
    if isinstance(found, str):
        import numpy as np  # noqa: PLC0415 - who imports no OME-Zarr does not wait for it

        try:
            return str(np.dtype(found).name)
        except (TypeError, ValueError, SyntaxError):
            return found
    return str(found.get("name")) if isinstance(found, dict) else "structure"


def _codecs(holder: dict[str, Any]) -> Iterator[str]:
    listed = [holder.get("compressor")]
    for key in ("filters", "codecs", "index_codecs"):
        found = holder.get(key)
        listed += found if isinstance(found, list) else []
    for codec in listed:
        if isinstance(codec, dict):
            yield str(codec.get("id", codec.get("name"))).removeprefix("numcodecs.")
            inner = codec.get("configuration")
            yield from _codecs(inner) if isinstance(inner, dict) else ()


def _doubts(absent: Sequence[str], seen: _Seen, *, has_chunks: bool) -> Iterator[str]:
    """Yield doubts as sentences without their subject.

    A chunk that is full of the fill value is not stored, so what is missing may be missing
    by right.
    """
    if absent:
        yield (
            f"lists images that are not there: {_few(absent)}. If they were never taken, it can"
            " be imported as it is; else copy the whole folder again."
        )
    if not has_chunks:
        yield (
            "has no pixels in any file: it is of one value all over. If that is not what you"
            " took, copy the whole folder again."
        )
    elif seen.hollow:
        yield (
            f"has no pixels in the files of {_few(seen.hollow)}, and has them at other levels."
            " If you do not know why, copy the whole folder again."
        )
    for codec in seen.codecs:
        if codec not in KNOWN_CODECS:
            yield (
                f"is packed by '{codec}', which the image repository may not be able to unpack."
                " Ask your administrator, or write it with blosc, gzip or zstd."
            )


def _few(paths: Sequence[str]) -> str:
    shown = ", ".join(f"'{path}'" for path in paths[:_NAMED])
    more = len(paths) - _NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown
