"""Read OME-XML into plain records: images, where each plane lies, and the plate.

Written here because a set of files needs exact answers (which sibling is missing?) that
libraries smooth over by filling in zeros.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from transferapp.errors import DamagedFile
from transferapp.repositories.local.readers.port import ChannelHint, WellPosition

#: Lengths in micrometres of the units that OME-XML allows and microscopes write.
_MICROMETRES = {"µm": 1.0, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "m": 1e6, "pm": 1e-6, "Å": 1e-4}


@dataclass(frozen=True, slots=True)
class PlaneBlock:
    """Consecutive planes in one file: ``count`` pages from ``page``; None = to the end.

    ``file_name`` and ``uuid`` are empty when the planes are in the file that was read.
    """

    first_z: int
    first_c: int
    first_t: int
    page: int
    count: int | None
    file_name: str = ""
    uuid: str = ""


@dataclass(frozen=True, slots=True)
class OmeImage:
    """One Image element."""

    id: str
    name: str
    order: str
    sizes: dict[str, int]
    dtype: str
    samples: int
    channels: tuple[ChannelHint, ...]
    pixel_size_um: tuple[float | None, float | None, float | None]
    acquired_at: datetime | None
    blocks: tuple[PlaneBlock, ...]

    @property
    def pages_c(self) -> int:
        """Channels that have a page of their own (the samples of RGB share one)."""
        return max(1, self.sizes["C"] // self.samples)


@dataclass(frozen=True, slots=True)
class OmeDocument:
    """An OME element. ``metadata_file`` names the companion that holds the real one."""

    uuid: str
    metadata_file: str = ""
    images: tuple[OmeImage, ...] = ()
    plate_name: str | None = None
    wells: dict[str, WellPosition] = field(default_factory=dict)


def parse(text: str | bytes) -> OmeDocument | None:
    """Read OME-XML; None when the text is something else. Raises DamagedFile."""
    try:
        root = ElementTree.fromstring(text)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    if _tag(root) != "OME":
        return None
    try:
        return _document(root)
    except (KeyError, ValueError) as error:
        raise DamagedFile(f"Its OME-XML lacks or misspells {error}.") from error


def planes(image: OmeImage, block: PlaneBlock, count: int) -> Iterator[tuple[int, int, int]]:
    """Yield (z, c, t) of a block's ``count`` planes, in the image's dimension order."""
    first = {"Z": block.first_z, "C": block.first_c, "T": block.first_t}
    extent = {"Z": image.sizes["Z"], "C": image.pages_c, "T": image.sizes["T"]}
    axes = image.order[2:]
    linear = first[axes[0]] + extent[axes[0]] * (
        first[axes[1]] + extent[axes[1]] * first[axes[2]]
    )
    total = extent["Z"] * extent["C"] * extent["T"]
    for index in range(linear, min(linear + count, total)):
        rest, fast = divmod(index, extent[axes[0]])
        slow, middle = divmod(rest, extent[axes[1]])
        at = {axes[0]: fast, axes[1]: middle, axes[2]: slow}
        yield at["Z"], at["C"], at["T"]


def _document(root: Element) -> OmeDocument:
    uuid = root.get("UUID", "")
    binary_only = _child(root, "BinaryOnly")
    if binary_only is not None:
        return OmeDocument(uuid, metadata_file=binary_only.attrib["MetadataFile"])
    images = tuple(_image(element) for element in _children(root, "Image"))
    plate = _child(root, "Plate")
    if plate is None:
        return OmeDocument(uuid, images=images)
    name = plate.get("Name") or "Plate"
    return OmeDocument(uuid, "", images, name, _wells(plate))


def _wells(plate: Element) -> dict[str, WellPosition]:
    positions: dict[str, WellPosition] = {}
    for well in _children(plate, "Well"):
        row, column = int(well.attrib["Row"]), int(well.attrib["Column"])
        for number, sample in enumerate(_children(well, "WellSample")):
            reference = _child(sample, "ImageRef")
            if reference is not None:
                positions[reference.attrib["ID"]] = WellPosition(row, column, number)
    return positions


def _image(element: Element) -> OmeImage:
    pixels = _child(element, "Pixels")
    if pixels is None:
        raise KeyError("Pixels")
    sizes = {axis: int(pixels.attrib[f"Size{axis}"]) for axis in "XYZCT"}
    channels = list(_children(pixels, "Channel"))
    samples = max((int(c.get("SamplesPerPixel", "1")) for c in channels), default=1)
    return OmeImage(
        id=element.attrib["ID"],
        name=element.get("Name", ""),
        order=pixels.attrib["DimensionOrder"],
        sizes=sizes,
        dtype=pixels.attrib["Type"],
        samples=samples,
        channels=tuple(_channel(c) for c in channels),
        pixel_size_um=(_size(pixels, "Z"), _size(pixels, "Y"), _size(pixels, "X")),
        acquired_at=_date(element),
        blocks=tuple(_block(b) for b in _children(pixels, "TiffData")),
    )


def _channel(element: Element) -> ChannelHint:
    color = element.get("Color")
    # A signed 32-bit RGBA number.
    rgb = None if color is None else f"{(int(color) & 0xFFFFFFFF) >> 8:06X}"
    return ChannelHint(element.get("Name", ""), rgb)


def _block(element: Element) -> PlaneBlock:
    reference = _child(element, "UUID")
    explicit = element.get("PlaneCount")
    # The schema: without a page a block means all pages, with one it means that page.
    count = 1 if element.get("IFD") is not None else None
    return PlaneBlock(
        first_z=int(element.get("FirstZ", "0")),
        first_c=int(element.get("FirstC", "0")),
        first_t=int(element.get("FirstT", "0")),
        page=int(element.get("IFD", "0")),
        count=count if explicit is None else int(explicit),
        file_name="" if reference is None else reference.get("FileName", ""),
        uuid="" if reference is None else (reference.text or "").strip(),
    )


def _size(pixels: Element, axis: str) -> float | None:
    value = pixels.get(f"PhysicalSize{axis}")
    factor = _MICROMETRES.get(pixels.get(f"PhysicalSize{axis}Unit", "µm"))
    return None if value is None or factor is None else float(value) * factor


def _date(image: Element) -> datetime | None:
    element = _child(image, "AcquisitionDate")
    if element is None or not element.text:
        return None
    try:
        found = datetime.fromisoformat(element.text.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(parent: Element, tag: str) -> Iterator[Element]:
    return (child for child in parent if _tag(child) == tag)


def _child(parent: Element, tag: str) -> Element | None:
    return next(_children(parent, tag), None)
