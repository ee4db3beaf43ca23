"""OME-XML as records."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.ome_files import block, image, ome, plate
from transferapp.errors import DamagedFile, UnsupportedFile
from transferapp.ome.document import Layout, OmeDocument, PlaneBlock, WellPlace
from transferapp.ome.reading import parse


def read(text: str | bytes) -> OmeDocument:
    found = parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("stated", "unit", "um"),
    [
        ("0.5", "", 0.5),
        ("250", "nm", 0.25),
        ("1", "in", 25_400.0),
        ("1.5", "pixel", None),
        ("INF", "", None),
        ("-INF", "", None),
        ("NaN", "", None),
        ("0", "", None),
        ("-0.5", "", None),
        ("1e300", "Ym", None),
        ("wide", "", None),
    ],
)
def test_sizes_that_can_be_true(stated: str, unit: str, um: float | None) -> None:
    attributes = f'PhysicalSizeX="{stated}"' + (f' PhysicalSizeXUnit="{unit}"' if unit else "")
    [found] = read(ome(image(attributes=attributes))).images
    assert found.pixel_size_um == (None, None, pytest.approx(um) if um else None)


@pytest.mark.parametrize("written", ["&#181;m", "µm", "&#956;m"])
def test_a_micrometre_however_it_is_written(written: str) -> None:
    attributes = f'PhysicalSizeX="0.5" PhysicalSizeXUnit="{written}"'
    [found] = read(ome(image(attributes=attributes))).images
    assert found.pixel_size_um[2] == 0.5


@pytest.mark.parametrize(
    ("stated", "when"),
    [
        ("2024-03-31T02:30:00", datetime(2024, 3, 31, 2, 30, tzinfo=UTC)),
        ("2024-03-31T02:30:00+05:30", datetime(2024, 3, 30, 21, 0, tzinfo=UTC)),
        ("2024-03-31T02:30:00.123456789Z", datetime(2024, 3, 31, 2, 30, 0, 123456, UTC)),
        ("0001-01-01T00:00:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("1899-12-30T00:00:00", None),
        ("1904-01-01T00:00:00", None),
        ("1969-12-31T23:59:59", None),
        ("1970-01-02T00:00:00", datetime(1970, 1, 2, tzinfo=UTC)),
        ("0000-00-00T00:00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_that_can_be_true(stated: str, when: datetime | None) -> None:
    date = f"<AcquisitionDate>{stated}</AcquisitionDate>"
    assert read(ome(image(before=date))).images[0].acquired_at == when


@pytest.mark.parametrize("tag", ["AcquisitionDate", "AcquiredDate", "CreationDate"])
def test_a_date_by_every_name_that_it_had(tag: str) -> None:
    document = ome(image(before=f"<{tag}>2011-03-04T05:06:07</{tag}>"))
    assert read(document).images[0].acquired_at == datetime(2011, 3, 4, 5, 6, 7, tzinfo=UTC)


#: An image as the schemas of 2003 and of 2007 to 2008 have it; Bio-Formats 7.3.1 reads both
#: as 16 x 12, 3 planes in z, 0.5 x 0.25 x 2 micrometres, "DAPI", 2008-03-04 05:06:07.
OLD_PIXELS = """<Pixels ID="Pixels:1" DimensionOrder="XYZCT" PixelType="uint8" BigEndian="false"
 SizeX="16" SizeY="12" SizeZ="3" SizeC="1" SizeT="1" {sizes}>{blocks}</Pixels>"""
OLD_IMAGE = """<Image ID="Image:1" Name="old" {sizes}><CreationDate>2008-03-04T05:06:07
</CreationDate><{tag} ID="x:1" Name="DAPI" SamplesPerPixel="1"><ChannelComponent Index="0"
 Pixels="Pixels:1"/></{tag}>{pixels}</Image>"""


@pytest.mark.parametrize(
    ("tag", "of_image", "of_pixels"),
    [
        ("ChannelInfo", 'PixelSizeX="0.5" PixelSizeY="0.25" PixelSizeZ="2"', ""),
        (
            "LogicalChannel",
            "",
            'PhysicalSizeX="0.5" PhysicalSizeY="0.25" PhysicalSizeZ="2"',
        ),
    ],
)
def test_an_image_of_a_schema_before_2009(tag: str, of_image: str, of_pixels: str) -> None:
    blocks = '<TiffData IFD="0" NumPlanes="3"/>'
    pixels = OLD_PIXELS.format(sizes=of_pixels, blocks=blocks)
    old = ome(OLD_IMAGE.format(tag=tag, sizes=of_image, pixels=pixels))
    [found] = read(old).images
    assert (found.dtype, found.order, found.sizes["Z"]) == ("uint8", "XYZCT", 3)
    assert found.pixel_size_um == (2.0, 0.25, 0.5)
    assert [channel.name for channel in found.channels] == ["DAPI"]
    assert found.acquired_at == datetime(2008, 3, 4, 5, 6, 7, tzinfo=UTC)
    assert found.blocks == (PlaneBlock((0, 0, 0), 0, 3),)


def test_text_keeps_its_letters_whatever_encoding_it_declares() -> None:
    text = ome(image(attributes='PhysicalSizeX="1" PhysicalSizeXUnit="µm"'))
    declared = text.replace('version="1.0"', 'version="1.0" encoding="ISO-8859-1"')
    assert read(declared).images[0].pixel_size_um[2] == 1.0
    assert read(declared.encode("latin-1")).images[0].pixel_size_um[2] == 1.0


@pytest.mark.parametrize(
    "text",
    ["", "MetaMorph", "<html/>", "<OME", "<svg xmlns='x'><OME/></svg>", "<OME/>", b"\xff\xfe<"],
)
def test_what_is_no_document(text: str | bytes) -> None:
    assert parse(text) is None


def test_what_is_needed_and_not_there_is_named() -> None:
    with pytest.raises(DamagedFile, match="SizeX"):
        parse(ome(image().replace("SizeX", "Width")))
    with pytest.raises(DamagedFile, match="DimensionOrder"):
        parse(ome(image(order="XYCZ")))
    with pytest.raises(DamagedFile, match="number -1"):
        parse(ome(image(block(z=-1))))


def test_a_field_that_was_not_acquired_has_no_pixels() -> None:
    found = read(ome(image(block()), image("<MetadataOnly/>", number=1), image("", number=2)))
    assert [one.has_pixels for one in found.images] == [True, False, True]


def test_every_plate_has_its_wells() -> None:
    inside = [image(block(n), number=n) for n in range(5)]
    found = read(ome(plate(0, [0, 1], "left"), plate(1, [2, 3]), plate(2, [4]), *inside))
    assert found.plates == ("left", "Plate 2", "Plate 3")
    assert found.wells["Image:3"] == WellPlace(plate=1, row=0, column=1, field=0)


def test_planes_counted_from_one_are_counted_from_zero() -> None:
    blocks = "".join(block(n, z=n + 1) for n in range(3))
    [found] = read(ome(image(blocks, sizes=(3, 1, 1)))).images
    assert [one.first[0] for one in found.blocks] == [0, 1, 2]
    # A block that begins with the second plane is not of that kind.
    [found] = read(ome(image(block(0, z=1), sizes=(3, 1, 1)))).images
    assert [one.first[0] for one in found.blocks] == [1]


@pytest.mark.parametrize("order", ["XYZCT", "XYZTC", "XYCZT", "XYCTZ", "XYTZC", "XYTCZ"])
def test_planes_are_numbered_in_their_order(order: str) -> None:
    layout = Layout(order, 2, 3, 4)
    sizes = {"Z": 2, "C": 3, "T": 4}
    slow_to_fast = [sizes[axis] for axis in reversed(order[2:])]
    last = {axis: sizes[axis] - 1 for axis in "ZCT"}
    assert layout.number(0, 0, 0) == 0
    assert layout.number(last["Z"], last["C"], last["T"]) == layout.planes - 1 == 23
    fast = dict.fromkeys("ZCT", 0) | {order[2]: 1}
    assert layout.number(fast["Z"], fast["C"], fast["T"]) == 1
    slow = dict.fromkeys("ZCT", 0) | {order[4]: 1}
    assert layout.number(slow["Z"], slow["C"], slow["T"]) == slow_to_fast[1] * slow_to_fast[2]
    assert layout.number(2, 0, 0) is None


def test_channels_that_colours_do_not_fit_into() -> None:
    [found] = read(ome(image(sizes=(1, 4, 1), samples=[3]))).images
    with pytest.raises(UnsupportedFile, match="4 channels"):
        found.layout(found.samples)
