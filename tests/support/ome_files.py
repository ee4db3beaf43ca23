"""Make OME-TIFFs, companions and OME-XML of every shape, small and exact."""

from __future__ import annotations

import base64
import bz2
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

SPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
#: Height and width of every page.
SHAPE = (12, 16)
#: What the schema calls no packing at all, and two of its packings.
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "none": bytes,
    "zlib": zlib.compress,
    "bzip2": bz2.compress,
}


def uuid(number: int) -> str:
    """Return the UUID of the file of this number."""
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


def ome(*inside: str, own: str = "") -> str:
    """Return a document; ``own`` is its UUID."""
    stated = f' UUID="{own}"' if own else ""
    return f'<?xml version="1.0"?><OME xmlns="{SPACE}"{stated}>{"".join(inside)}</OME>'


def image(  # noqa: PLR0913 - a test says only what it is about
    blocks: str = "<TiffData/>",
    *,
    sizes: tuple[int, int, int] = (1, 1, 1),
    number: int = 0,
    samples: Sequence[int] | None = None,
    order: str = "XYCZT",
    dtype: str = "uint8",
    attributes: str = "",
    before: str = "",
) -> str:
    """Return an Image element of ``sizes`` (z, c, t) with what stands in Pixels."""
    z, c, t = sizes
    channels = "".join(
        f'<Channel ID="Channel:{number}:{n}" SamplesPerPixel="{count}"/>'
        for n, count in enumerate(samples if samples is not None else [1] * c)
    )
    return (
        f'<Image ID="Image:{number}" Name="image {number}">{before}<Pixels ID="Pixels:{number}"'
        f' DimensionOrder="{order}" Type="{dtype}" SizeX="{SHAPE[1]}" SizeY="{SHAPE[0]}"'
        f' SizeZ="{z}" SizeC="{c}" SizeT="{t}" {attributes}>{channels}{blocks}</Pixels></Image>'
    )


def block(
    page: int | None = 0,
    *,
    z: int = 0,
    c: int = 0,
    count: int | None = 1,
    file: str = "",
    own: str = "",
) -> str:
    """Return a TiffData element; ``file`` and ``own`` are those of its UUID."""
    attributes = f' FirstZ="{z}" FirstC="{c}"'
    attributes += "" if page is None else f' IFD="{page}"'
    attributes += "" if count is None else f' PlaneCount="{count}"'
    named = f' FileName="{file}"' if file else ""
    inside = f"<UUID{named}>{own}</UUID>" if file or own else ""
    return f"<TiffData{attributes}>{inside}</TiffData>"


def bin_data(planes: npt.NDArray[Any], compression: str = "", *, big: bool = False) -> str:
    """Return a BinData element that holds planes."""
    raw = planes.astype(planes.dtype.newbyteorder(">" if big else "<")).tobytes()
    text = base64.b64encode(PACKED[compression](raw)).decode()
    stated = f' Compression="{compression}"' if compression else ""
    return (
        f'<BinData BigEndian="{str(big).lower()}"{stated} Length="{len(text)}">{text}</BinData>'
    )


def pointer(name: str, *, own: str, target: str) -> str:
    """Return the document of a file whose real one is in the file ``name``."""
    return ome(f'<BinaryOnly MetadataFile="{name}" UUID="{target}"/>', own=own)


def plate(number: int, images: Iterable[int], name: str = "") -> str:
    """Return a Plate element with one image in each well of its first row."""
    wells = "".join(
        f'<Well ID="Well:{number}:{column}" Row="0" Column="{column}">'
        f'<WellSample ID="WellSample:{number}:{column}" Index="{n}">'
        f'<ImageRef ID="Image:{n}"/></WellSample></Well>'
        for column, n in enumerate(images)
    )
    stated = f' Name="{name}"' if name else ""
    return f'<Plate ID="Plate:{number}"{stated}>{wells}</Plate>'


def write_pages(
    path: Path, xml: str | None, values: Iterable[int] = (1,), *, colours: bool = False
) -> Path:
    """Write one page for each value, which fills it; of colours each has three."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tifffile.TiffWriter(path, ome=False) as out:
        for number, value in enumerate(values):
            page = np.full(SHAPE, value, np.uint8)
            pixels = np.stack([page, page + 1, page + 2], -1) if colours else page
            out.write(
                pixels,
                photometric="rgb" if colours else "minisblack",
                description=xml if number == 0 else None,
                metadata=None,
                contiguous=False,
            )
    return path


def write_set(
    folder: Path,
    names: Sequence[str],
    called: Sequence[str] | None = None,
    *,
    own: bool = True,
) -> list[Path]:
    """Write one file for each channel, which name each other ``names`` and are ``called``.

    The channel of number n is filled with 10 + n. ``own``: documents have UUIDs.
    """
    blocks = "".join(block(c=n, file=name, own=uuid(n + 1)) for n, name in enumerate(names))
    inside = image(blocks, sizes=(1, len(names), 1))
    return [
        write_pages(folder / name, ome(inside, own=uuid(n + 1) if own else ""), [10 + n])
        for n, name in enumerate(called or names)
    ]
