"""Read OME-XML into records: the only place that says what is OME-XML and what it tells.

Written here because a set of files needs exact answers (which file is missing?) that
libraries smooth over by filling in zeros. Images are read one by one, so that the document of
a large plate (some 20 MB) takes little more memory than its records.

Every schema since 2003 is read. Until 2008 the type was PixelType, channels were ChannelInfo
(2003) or LogicalChannel of the image, sizes of 2003 stood in the image, and a count of planes
was NumPlanes (seen with the schemas, and with Bio-Formats 7.3.1 reading such files).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from io import BytesIO, StringIO
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

from transferapp.errors import DamagedFile
from transferapp.model.plausible import plausible_moment, plausible_positive, plausible_um
from transferapp.ome.document import OmeChannel, OmeDocument, OmeImage, PlaneBlock, WellPlace
from transferapp.ome.durations import seconds
from transferapp.ome.lengths import micrometres

#: What stands in every OME-XML; a text without it is none, with it may be one.
MARK = "OME"
#: A companion file of a large plate has some 20 MB; more is not metadata.
MOST_BYTES = 256 << 20
_AXES = "ZCT"
#: When an image was taken: since 2012, from 2009 to 2011, and before.
_DATES = "AcquisitionDate", "AcquiredDate", "CreationDate"


def parse(text: str | bytes) -> OmeDocument | None:
    """Read OME-XML; None when the text is something else, or says nothing of any image: a
    TIFF with such a text is a plain one, as for Bio-Formats 7.3. Raises DamagedFile.
    """
    # Before the parser is set up: most TIFFs have another description. (Bytes may be UTF-16.)
    if isinstance(text, str) and not may_be_ome(text):
        return None
    source = StringIO(text) if isinstance(text, str) else BytesIO(text)
    try:
        return _Reading(source).document()
    except (ParseError, DefusedXmlException, LookupError, UnicodeError):
        return None


def may_be_ome(text: str) -> bool:
    """Say quickly whether a text can be OME-XML."""
    return text.lstrip().startswith("<") and MARK in text


def read_bytes(path: Path) -> bytes:
    """Return a file of XML; empty when it is too long for metadata. Raises OSError."""
    return path.read_bytes() if path.stat().st_size <= MOST_BYTES else b""


def read_document(path: Path) -> OmeDocument | None:
    """Read a file of OME-XML that is no TIFF; None when it is something else, or too long for
    metadata. Raises OSError, DamagedFile.
    """
    return parse(read_bytes(path))


class _Reading:
    """One document while it is read."""

    def __init__(self, source: StringIO | BytesIO) -> None:
        self._events = ElementTree.iterparse(source, events=("start", "end"))
        self._images: list[OmeImage] = []
        self._plates: list[str] = []
        self._wells: dict[str, WellPlace] = {}
        self._metadata_file = ""

    def document(self) -> OmeDocument | None:
        """Read it all; None when it is no OME document."""
        _, root = next(self._events)
        if _tag(root) != "OME":
            return None
        depth = 1
        for event, element in self._events:
            depth += 1 if event == "start" else -1
            if event == "end" and _tag(element) == "BinData":
                element.text = None  # Pixels: whoever wants them reads them from the file.
            if event == "end" and depth == 1:
                self._child(element)
                element.clear()
        if not self._images and not self._metadata_file:
            return None
        return OmeDocument(
            root.get("UUID", ""),
            self._metadata_file,
            tuple(self._images),
            tuple(self._plates),
            self._wells,
        )

    def _child(self, element: Element) -> None:
        try:
            match _tag(element):
                case "BinaryOnly":
                    self._metadata_file = element.attrib["MetadataFile"]
                case "Image":
                    self._images.append(_image(element))
                case "Plate":
                    self._plate(element)
        except (KeyError, ValueError) as error:
            raise DamagedFile(f"Its OME-XML lacks or misspells {error}.") from error

    def _plate(self, element: Element) -> None:
        number = len(self._plates)
        self._plates.append(
            element.get("Name") or ("Plate" if not number else f"Plate {number + 1}")
        )
        for well in _children(element, "Well"):
            row, column = int(well.attrib["Row"]), int(well.attrib["Column"])
            for index, sample in enumerate(_children(well, "WellSample")):
                reference = _first(sample, "ImageRef")
                if reference is not None:
                    place = WellPlace(number, row, column, index)
                    self._wells[reference.attrib["ID"]] = place


def _image(element: Element) -> OmeImage:
    pixels = _first(element, "Pixels")
    if pixels is None:
        raise KeyError("Pixels")
    sizes = {axis: int(pixels.attrib[f"Size{axis}"]) for axis in "XYZCT"}
    order = pixels.attrib["DimensionOrder"]
    if sorted(order) != sorted("XYZCT"):
        raise ValueError(f"the DimensionOrder '{order}'")
    blocks = [_block(b) for b in _children(pixels, "TiffData")]
    acquired = bool(blocks) or _first(pixels, "MetadataOnly") is None
    packed = [bin_data.get("Compression", "none") for bin_data in _children(pixels, "BinData")]
    return OmeImage(
        id=element.get("ID", ""),
        name=element.get("Name", ""),
        order=order,
        sizes=sizes,
        dtype=pixels.get("PixelType") or pixels.attrib["Type"],
        channels=_channels(element, pixels),
        pixel_size_um=_pixel_size(element, pixels),
        acquired_at=_date(element),
        blocks=tuple(_from_zero(blocks, sizes)),
        has_pixels=acquired and min(sizes.values()) > 0,
        bin_data=len(packed),
        packings=frozenset(packed),
        time_step_s=_time_step(pixels),
        description=_description(element),
    )


def _channels(image: Element, pixels: Element) -> tuple[OmeChannel, ...]:
    """Return the channels, which were said of the image itself until 2009."""
    places = (pixels, "Channel"), (image, "LogicalChannel"), (image, "ChannelInfo")
    for parent, tag in places:
        found = tuple(_channel(each) for each in _children(parent, tag))
        if found:
            return found
    return ()


def _channel(element: Element) -> OmeChannel:
    try:
        # A signed 32-bit RGBA number.
        color = f"{(int(element.attrib['Color']) & 0xFFFFFFFF) >> 8:06X}"
    except (KeyError, ValueError):
        color = None
    samples = int(element.get("SamplesPerPixel", "1"))
    return OmeChannel(
        element.get("Name", ""),
        color,
        max(1, samples),
        _wavelength(element, "Excitation"),
        _wavelength(element, "Emission"),
    )


def _wavelength(channel: Element, which: str) -> float | None:
    """Return nanometres; until 2012 the names were short, and the unit always this."""
    stated = channel.get(f"{which}Wavelength", channel.get(f"{which[:2]}Wave", ""))
    found = micrometres(stated, channel.get(f"{which}WavelengthUnit", "nm"))
    return plausible_positive(None if found is None else round(found * 1000, 6))


def _time_step(pixels: Element) -> float | None:
    stated = pixels.get("TimeIncrement", "")
    return plausible_positive(seconds(stated, pixels.get("TimeIncrementUnit", "s")))


def _description(image: Element) -> str:
    found = _first(image, "Description")
    return "" if found is None else (found.text or "").strip()


def _block(element: Element) -> PlaneBlock:
    reference = _first(element, "UUID")
    explicit = element.get("PlaneCount", element.get("NumPlanes"))
    # The schema: without a page a block means all pages, with one it means that page.
    count = 1 if element.get("IFD") is not None else None
    z, c, t = (_whole(element.get(f"First{axis}", "0")) for axis in _AXES)
    return PlaneBlock(
        first=(z, c, t),
        page=_whole(element.get("IFD", "0")),
        count=count if explicit is None else _whole(explicit),
        file_name="" if reference is None else reference.get("FileName", ""),
        uuid="" if reference is None else (reference.text or "").strip(),
    )


def _from_zero(blocks: list[PlaneBlock], sizes: dict[str, int]) -> Iterator[PlaneBlock]:
    """Count planes from 0, also where the writer counted from 1 (as Bio-Formats 7.3 does)."""
    firsts = list(zip(*(block.first for block in blocks), strict=True))
    shift = [
        int(min(found) == 1 and max(found) == sizes[axis])
        for axis, found in zip(_AXES, firsts, strict=False)
    ]
    for block in blocks:
        z, c, t = (n - back for n, back in zip(block.first, shift, strict=True))
        yield replace(block, first=(z, c, t)) if any(shift) else block


def _whole(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(f"the number {number}")
    return number


def _pixel_size(
    image: Element, pixels: Element
) -> tuple[float | None, float | None, float | None]:
    def size(axis: str) -> float | None:
        unit = pixels.get(f"PhysicalSize{axis}Unit", "µm")
        stated = pixels.get(f"PhysicalSize{axis}", image.get(f"PixelSize{axis}", ""))
        return plausible_um(micrometres(stated, unit))

    return size("Z"), size("Y"), size("X")


def _date(image: Element) -> datetime | None:
    for tag in _DATES:
        element = _first(image, tag)
        if element is not None and element.text:
            with suppress(ValueError):
                return plausible_moment(datetime.fromisoformat(element.text.strip()))
    return None


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _children(parent: Element, tag: str) -> Iterator[Element]:
    return (child for child in parent if _tag(child) == tag)


def _first(parent: Element, tag: str) -> Element | None:
    return next(_children(parent, tag), None)
