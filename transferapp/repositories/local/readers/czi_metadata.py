"""Read what a CZI's metadata says of its images: names, colours, sizes, date.

All of it is optional: a file without metadata, or with broken ones, still shows its pixels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException, ElementTree

_IMAGE = "Metadata/Information/Image"
_MICROMETRES_PER_METRE = 1e6
#: "#AARRGGBB" or "#RRGGBB".
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})")


@dataclass(frozen=True, slots=True)
class CziChannel:
    """A channel; ``window`` is in shares of its pixel type's range, as ZEN keeps it."""

    name: str = ""
    color: str | None = None
    window: tuple[float, float] | None = None
    #: How many of its pixel type's bits the camera fills.
    bits: int | None = None


@dataclass(frozen=True, slots=True)
class CziMetadata:
    """What the metadata say, as far as they say it."""

    channels: tuple[CziChannel, ...] = ()
    #: Names of scenes by their index.
    scenes: dict[int, str] = field(default_factory=dict)
    #: Physical pixel sizes in micrometres (z, y, x).
    pixel_size_um: tuple[float | None, float | None, float | None] = (None, None, None)
    acquired_at: datetime | None = None


def parse_metadata(xml: str) -> CziMetadata:
    """Read the XML; what is missing or makes no sense stays empty."""
    try:
        root = ElementTree.fromstring(xml)
    except (ParseError, DefusedXmlException, ValueError):
        return CziMetadata()
    return CziMetadata(
        channels=tuple(_channels(root)),
        scenes=dict(_scenes(root)),
        pixel_size_um=(_size(root, "Z"), _size(root, "Y"), _size(root, "X")),
        acquired_at=_date(root.findtext(f"{_IMAGE}/AcquisitionDateAndTime")),
    )


def _channels(root: Element) -> Iterator[CziChannel]:
    """Yield the channels in their order; how each is shown is found by its id."""
    shown = {
        element.get("Id"): element
        for element in root.iterfind("Metadata/DisplaySetting/Channels/Channel")
    }
    for element in root.iterfind(f"{_IMAGE}/Dimensions/Channels/Channel"):
        display = shown.get(element.get("Id"), element)
        yield CziChannel(
            name=(display.get("Name") or element.get("Name") or "").strip(),
            color=_colour(display) or _colour(element),
            window=_window(display),
            bits=_bits(element),
        )


def _scenes(root: Element) -> Iterator[tuple[int, str]]:
    """Yield names; scenes of a plate lie in wells that have names of their own."""
    for element in root.iterfind(f"{_IMAGE}/Dimensions/S/Scenes/Scene"):
        shape = element.find("Shape")
        well = "" if shape is None else shape.get("Name", "").strip()
        name = element.get("Name", "").strip()
        with suppress(ValueError):
            yield int(element.get("Index", "")), " ".join(dict.fromkeys((well, name))).strip()


def _colour(channel: Element) -> str | None:
    found = _COLOUR.fullmatch((channel.findtext("Color") or "").strip())
    # Black is "none": nothing would be seen in it.
    return None if found is None or int(found[1], 16) == 0 else found[1].upper()


def _window(channel: Element) -> tuple[float, float] | None:
    low, high = _number(channel.findtext("Low")), _number(channel.findtext("High"))
    # The whole range is what ZEN writes before anybody has looked at the channel.
    if low is None or high is None or not 0 <= low < high <= 1 or (low, high) == (0, 1):
        return None
    return low, high


def _bits(channel: Element) -> int | None:
    text = (channel.findtext("ComponentBitCount") or "").strip()
    return int(text) if text.isdecimal() and int(text) > 0 else None


def _size(root: Element, axis: str) -> float | None:
    value = _number(root.findtext(f"Metadata/Scaling/Items/Distance[@Id='{axis}']/Value"))
    # libCZI writes 0 for "unknown".
    return value * _MICROMETRES_PER_METRE if value is not None and value > 0 else None


def _number(text: str | None) -> float | None:
    with suppress(TypeError, ValueError):
        value = float(text or "")
        return value if math.isfinite(value) else None
    return None


def _date(text: str | None) -> datetime | None:
    """Return the moment in UTC; a time without a zone is taken as it stands."""
    with suppress(TypeError, ValueError, OverflowError):
        found = datetime.fromisoformat((text or "").strip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return None
