"""Tell whether an OME-Zarr is all there and can be shown, from its metadata as JSON."""

from __future__ import annotations

import json
import re
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from typing_extensions import override

from transferapp.client.scanning import FoundFile, problem_of
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.model import ome_zarr
from transferapp.model.ome_zarr_search import FoundImage, Groups, ImageSearch, no_ome_zarr
from transferapp.model.pixel_types import why_not_shown

#: Longest time that the metadata of one OME-Zarr is looked through, in seconds.
ZARR_BUDGET_S = 2.0
#: Names of chunk files: of format 2 ``0.1.2`` or ``2``, of format 3 mostly ``2``.
_CHUNK = re.compile(r"[0-9]+(\.[0-9]+)*")
#: What zarr and numcodecs unpack without further packages (zarr 3.1, numcodecs 0.16).
KNOWN_CODECS = frozenset(
    {
        "adler32", "astype", "bitround", "blosc", "bytes", "bz2", "crc32", "crc32c", "delta",
        "fixedscaleoffset", "fletcher32", "gzip", "lz4", "lzma", "packbits", "quantize",
        "sharding_indexed", "shuffle", "transpose", "zlib", "zstd",
    }
)  # fmt: skip
_NAMED = 3


def check_zarr(files: Sequence[FoundFile], *, only_by_name: bool = False) -> list[str]:
    """Look through an OME-Zarr, whose root metadata comes first; returns doubts as sentences.

    What comes after ``ZARR_BUDGET_S`` is believed. ``only_by_name``: OMERO opens it, which
    knows an OME-Zarr by its path. Raises DamagedFile, UnsupportedFile, UnreadableFile,
    VanishedFile.
    """
    if only_by_name:
        _demand_name(files[0].client_path.rpartition("/")[0])
    documents = _Documents(files)
    if documents.array("") is not None:
        raise no_ome_zarr(documents.name)
    search = ImageSearch(documents)
    deadline = time.monotonic() + ZARR_BUDGET_S
    codecs: dict[str, None] = {}
    for image in search.images():
        codecs.update(dict.fromkeys(_check_image(documents, image)))
        if time.monotonic() > deadline:
            break
    packed = (_packed(documents.name, codec) for codec in codecs if codec not in KNOWN_CODECS)
    return [*_absent(documents.name, search.absent), *packed]


def is_empty_chunk(name: str, size_bytes: int) -> bool:
    """Say whether a file of a Zarr is a chunk that was never written."""
    return not size_bytes and _CHUNK.fullmatch(name) is not None


def _demand_name(folder: str) -> None:
    """Raise UnsupportedFile unless OMERO knows an OME-Zarr by the path of its folder.

    OMERO keeps the folder's name, and its reader looks at the path only (ome/ZarrReader 0.5:
    ``isThisType``, and in small letters ``initFile``).
    """
    if ".zarr" in folder:
        return
    name = folder.rpartition("/")[2]
    better = re.sub(r"(\.ome)?(\.zarr)?$", "", name, flags=re.IGNORECASE) + ".ome.zarr"
    raise UnsupportedFile(
        f"OMERO knows an OME-Zarr only by '.zarr' in the name of its folder. Rename '{name}' to"
        f" '{better}', then drop it again."
    )


class _Documents(Groups):
    """The JSON documents among the files of a Zarr, by their place in it."""

    def __init__(self, files: Sequence[FoundFile]) -> None:
        root, _, first = files[0].client_path.rpartition("/")
        self._is_format_3 = first == "zarr.json"
        self._files = {file.client_path[len(root) + 1 :]: file for file in files}
        self._paths = sorted(self._files)
        self.name = root.rpartition("/")[2]

    @override
    def attributes(self, path: str) -> dict[str, Any] | None:
        """Return a group's attributes, None when there is no group."""
        if not self._is_format_3:
            is_group = _join(path, ".zgroup") in self._files
            return self._read(path, ".zattrs") or {} if is_group else None
        node = self._read(path, "zarr.json") or {}
        if node.get("node_type") != "group":
            return None
        found = node.get("attributes")
        return found if isinstance(found, dict) else {}

    def array(self, path: str) -> dict[str, Any] | None:
        """Return an array's metadata, None when there is no array."""
        if not self._is_format_3:
            return self._read(path, ".zarray")
        node = self._read(path, "zarr.json")
        return node if node and node.get("node_type") == "array" else None

    @override
    def names(self, path: str) -> list[str]:
        """Return the names of the groups in a group."""
        names = {below.partition("/")[0] for below in self._below(path) if "/" in below}
        return [name for name in names if self.attributes(_join(path, name)) is not None]

    @override
    def holds_more(self, path: str) -> bool:
        """Say whether there is anything at a path but the metadata of a group."""
        return any(below not in ome_zarr.METADATA_NAMES for below in self._below(path))

    def _below(self, path: str) -> Iterator[str]:
        """Yield what lies below a path, relative to it."""
        start = _join(path, "")
        for number in range(bisect_left(self._paths, start), len(self._paths)):
            if not self._paths[number].startswith(start):
                return
            yield self._paths[number][len(start) :]

    def _read(self, path: str, name: str) -> dict[str, Any] | None:
        file = self._files.get(_join(path, name))
        if file is None:
            return None
        try:
            found = json.loads(file.path.read_bytes())
        except OSError as error:
            raise problem_of(error, file.path) from error
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise DamagedFile(
                f"'{self.name}' is not complete: its {_join(path, name)} is cut short. Copy it"
                " again."
            )
        return found


def _check_image(documents: _Documents, image: FoundImage) -> Iterator[str]:
    """Look at an image's arrays; yields the names of their codecs."""
    for path in ome_zarr.levels(ome_zarr.first_multiscales(image.ome)):
        place = _join(image.path, path)
        array = documents.array(place)
        if array is None:
            raise DamagedFile(
                f"'{documents.name}' is not complete: its level '{place}' is missing. Copy the"
                " whole folder again, with its hidden files."
            )
        if why := why_not_shown(_dtype(array)):
            raise UnsupportedFile(f"'{documents.name}' {why}")
        yield from _codecs(array)


def _dtype(array: dict[str, Any]) -> str:
    """Return numpy's name of an array's type; what numpy does not know is as it is written."""
    found = array.get("data_type", array.get("dtype"))
    if isinstance(found, str):
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


def _absent(name: str, paths: Sequence[str]) -> Iterator[str]:
    if not paths:
        return
    shown = ", ".join(f"'{path}'" for path in paths[:_NAMED])
    more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
    yield (
        f"'{name}' lists images that are not there: {shown}{more}. If they were never taken, it"
        " can be imported as it is; else copy the whole folder again."
    )


def _packed(name: str, codec: str) -> str:
    return (
        f"The pixels of '{name}' are packed by '{codec}', which the image repository may not be"
        " able to unpack. Ask your administrator, or write it with blosc, gzip or zstd."
    )


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
