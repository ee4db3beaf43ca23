"""What the files say of their images: names, sizes, dyes, dates; and the OME-XML of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

_SPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
_HEAD = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<OME xmlns="{_SPACE}"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    f' xsi:schemaLocation="{_SPACE} {_SPACE}/ome.xsd"'
)
#: Names of files become UUIDs below this one, so that they are the same each time.
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "https://transferapp.invalid/sample-data")
MADE = "Made by transferapp.sandbox.samples; no microscope has seen it."


@dataclass(frozen=True)
class Dye:
    """A channel: its name, its colour as hex, the light it takes and gives, in nanometres."""

    name: str
    color: str = ""
    excitation: int = 0
    emission: int = 0


@dataclass(frozen=True)
class About:
    """One image; sizes in pixels, pixels in micrometres, times in seconds."""

    name: str
    dtype: str
    size_y: int
    size_x: int
    dyes: tuple[Dye, ...]
    size_z: int = 1
    size_t: int = 1
    pixel_um: float | None = None
    step_um: float | None = None
    interval_s: float | None = None
    #: As ISO 8601; None: not known.
    acquired: str | None = None
    description: str = ""
    #: Of its middle on the stage, (y, x) in micrometres.
    position_um: tuple[float, float] | None = None


class SamplePlace(NamedTuple):
    """Where a plane is: its page in a file, and that file's name."""

    t: int
    c: int
    z: int
    page: int
    file: str


def file_uuid(name: str) -> str:
    """Return the UUID of a file of this name."""
    return f"urn:uuid:{uuid.uuid5(_NAMES, name)}"


def ome(own_name: str, body: str) -> str:
    """Return a document of the file of this name."""
    return f'{_HEAD} UUID="{file_uuid(own_name)}">{body}</OME>'


def pointer(own_name: str, companion: str) -> str:
    """Return the document of a file whose description is in a companion."""
    names = f"MetadataFile={quoteattr(companion)} UUID={quoteattr(file_uuid(companion))}"
    return ome(own_name, f"<BinaryOnly {names}/>")


def image(about: About, places: Iterable[SamplePlace], number: int = 0) -> str:
    """Return an Image element."""
    parts = [f'<Image ID="Image:{number}" Name={quoteattr(about.name)}>']
    if about.acquired:
        parts.append(f"<AcquisitionDate>{about.acquired}</AcquisitionDate>")
    if about.description:
        parts.append(f"<Description>{about.description}</Description>")
    parts.append(f'<Pixels ID="Pixels:{number}" {_sizes(about)}>')
    parts += [_channel(dye, f"Channel:{number}:{c}") for c, dye in enumerate(about.dyes)]
    placed = list(places)
    parts += [_tiff_data(place) for place in placed]
    parts += [_plane(about, place) for place in placed if about.interval_s or about.position_um]
    return "".join([*parts, "</Pixels></Image>"])


def _sizes(about: About) -> str:
    stated = {
        "DimensionOrder": "XYZCT",
        "Type": about.dtype,
        "SizeX": about.size_x,
        "SizeY": about.size_y,
        "SizeZ": about.size_z,
        "SizeC": len(about.dyes),
        "SizeT": about.size_t,
        "BigEndian": "false",
        "PhysicalSizeX": about.pixel_um,
        "PhysicalSizeY": about.pixel_um,
        "PhysicalSizeZ": about.step_um,
        "TimeIncrement": about.interval_s,
    }
    return " ".join(f'{key}="{value}"' for key, value in stated.items() if value is not None)


def _channel(dye: Dye, name: str) -> str:
    stated = f'<Channel ID="{name}" Name={quoteattr(dye.name)} SamplesPerPixel="1"'
    if dye.color:
        # Red, green, blue and opacity in a signed number of 32 bits.
        number = int(dye.color + "FF", 16)
        stated += f' Color="{number - (1 << 32) if number >= 1 << 31 else number}"'
    if dye.excitation:
        stated += (
            f' AcquisitionMode="WideField" ExcitationWavelength="{dye.excitation}"'
            f' EmissionWavelength="{dye.emission}"'
        )
    return stated + "/>"


def _tiff_data(place: SamplePlace) -> str:
    return (
        f'<TiffData FirstZ="{place.z}" FirstC="{place.c}" FirstT="{place.t}"'
        f' IFD="{place.page}" PlaneCount="1"><UUID FileName={quoteattr(place.file)}>'
        f"{file_uuid(place.file)}</UUID></TiffData>"
    )


def _plane(about: About, place: SamplePlace) -> str:
    stated = f'<Plane TheZ="{place.z}" TheT="{place.t}" TheC="{place.c}"'
    if about.interval_s:
        stated += f' DeltaT="{place.t * about.interval_s}"'
    if about.position_um:
        y, x = about.position_um
        stated += f' PositionX="{x}" PositionXUnit="µm" PositionY="{y}" PositionYUnit="µm"'
    return stated + "/>"


def plate(name: str, wells: Sequence[tuple[int, int]], fields: int) -> str:
    """Return a Plate element; ``wells`` are (row, column), images go well by well."""
    rows, columns = (1 + max(well[axis] for well in wells) for axis in (0, 1))
    size = f'Rows="{rows}" Columns="{columns}"'
    naming = 'RowNamingConvention="letter" ColumnNamingConvention="number"'
    parts = [f'<Plate ID="Plate:0" Name={quoteattr(name)} {size} {naming}>']
    for well, (row, column) in enumerate(wells):
        parts.append(f'<Well ID="Well:{well}" Row="{row}" Column="{column}">')
        for field in range(fields):
            number = well * fields + field
            parts.append(
                f'<WellSample ID="WellSample:{well}:{field}" Index="{number}">'
                f'<ImageRef ID="Image:{number}"/></WellSample>'
            )
        parts.append("</Well>")
    return "".join([*parts, "</Plate>"])
