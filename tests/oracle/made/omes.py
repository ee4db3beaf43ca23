"""OME-TIFF in one and many files, plates, and OME-XML with its pixels in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from tests.oracle.made.numbers import numbers
from tests.support.ome_files import (
    SHAPE,
    bin_data,
    block,
    image,
    ome,
    plate,
    pointer,
    uuid,
    write_pages,
    write_set,
)


def make_ome_tiffs(folder: Path) -> None:
    """Write single files: orders, types, colours, units, and too little metadata."""
    pixels = numbers((2, 3, 4, 20, 30))
    for order in ("TCZYX", "ZTCYX", "CTZYX"):
        stored = np.transpose(pixels, ["TCZYX".index(axis) for axis in order])
        options: dict[str, Any] = {"metadata": {"axes": order}, "photometric": "minisblack"}
        tifffile.imwrite(folder / f"{order.lower()}.ome.tif", stored, **options)
    described = {
        "axes": "CYX",
        "PhysicalSizeX": 250.0,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": 250.0,
        "PhysicalSizeYUnit": "nm",
        "AcquisitionDate": "2026-01-21T10:11:12",
        "Channel": {"Name": ["DAPI", "GFP"], "Color": [65535, 16711935]},
    }
    options = {"metadata": described, "photometric": "minisblack"}
    tifffile.imwrite(folder / "described.ome.tif", numbers((2, 20, 30)), **options)
    tifffile.imwrite(folder / "rgb.ome.tif", numbers((20, 30, 3), "uint8"), photometric="rgb")
    stack = numbers((96, 128), "uint8")
    with tifffile.TiffWriter(folder / "pyramid.ome.tif") as out:
        out.write(stack, subifds=2, tile=(32, 32))
        for level in (2, 4):
            out.write(stack[::level, ::level], subfiletype=1, tile=(32, 32))
    three = [5, 6, 7]
    for name, xml, values in (
        ("no_tiffdata", ome(image("", sizes=(3, 1, 1))), three),
        ("one_of_three_named", ome(image(block(), sizes=(3, 1, 1))), three),
        ("sparse", ome(image(block(0, z=0) + block(1, z=2), sizes=(3, 1, 1))), [5, 7]),
        ("black", ome(image(block(), sizes=(3, 1, 1))), [5]),
        ("clock_of_1904", ome(image(before=_date("AcquisitionDate", 1904))), [5]),
        (
            "date_of_2011",
            ome(image(before=_date("AcquiredDate", 2011))).replace("2016-06", "2011-06"),
            [5],
        ),
        ("metadata_only", ome(image("<MetadataOnly/>")), [5]),
        ("no_channel_element", ome(image(block(count=2), sizes=(1, 2, 1), samples=[])), [5, 6]),
        (
            "pixel_unit",
            ome(image(attributes='PhysicalSizeX="2" PhysicalSizeXUnit="pixel"')),
            [5],
        ),
        ("endless", ome(image(attributes='PhysicalSizeX="INF" PhysicalSizeY="0"')), [5]),
    ):
        write_pages(folder / f"{name}.ome.tif", xml, values)
    _write_old_schemas(folder)
    named = ome(image(block(), sizes=(1, 3, 1), samples=[3])).replace(
        "<Channel ", '<Channel Name="Brightfield" '
    )
    write_pages(folder / "colours_named.ome.tif", named, [5], colours=True)
    _write_levels_of_the_first_plane(folder)
    one_channel_stated = ome(image(block(), sizes=(1, 3, 1), samples=[1, 1, 1]))
    write_pages(folder / "colours_said_as_three.ome.tif", one_channel_stated, [5], colours=True)


def _date(tag: str, year: int) -> str:
    return f"<{tag}>{year}-01-01T00:00:00</{tag}>"


def _write_old_schemas(folder: Path) -> None:
    """Write images as the schemas of 2003 and of 2007 to 2008 describe them."""
    pages = range(4)
    for year, schema, tag in (
        ("2003", "XMLschemas/OME/FC/ome.xsd", "ChannelInfo"),
        ("2007-06", "Schemas/OME/2007-06", "LogicalChannel"),
        ("2008-02", "Schemas/OME/2008-02", "LogicalChannel"),
        ("2008-09", "Schemas/OME/2008-09", "LogicalChannel"),
    ):
        of_image, of_pixels = 'PixelSizeX="0.5" PixelSizeY="0.25"', ""
        if tag == "LogicalChannel":
            of_image, of_pixels = "", of_image.replace("PixelSize", "PhysicalSize")
        channels = "".join(
            f'<{tag} ID="x:{n}" Name="{name}" SamplesPerPixel="1"><ChannelComponent'
            f' Index="{n}" Pixels="Pixels:1"/></{tag}>'
            for n, name in enumerate(("DAPI", "GFP"))
        )
        blocks = '<TiffData IFD="2" NumPlanes="2"/><TiffData IFD="0" FirstZ="1" NumPlanes="2"/>'
        xml = (
            f'<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/{schema}">'
            f'<Image ID="Image:1" Name="old" DefaultPixels="Pixels:1" {of_image}>'
            f"{_date('CreationDate', 2008)}{channels}"
            '<Pixels ID="Pixels:1" DimensionOrder="XYCZT" PixelType="uint8" BigEndian="false"'
            f' SizeX="{SHAPE[1]}" SizeY="{SHAPE[0]}" SizeZ="2" SizeC="2" SizeT="1" {of_pixels}>'
            f"{blocks}</Pixels></Image></OME>"
        )
        write_pages(folder / f"old_{year}.ome.tif", xml, pages)


def _write_levels_of_the_first_plane(folder: Path) -> None:
    xml = ome(image(block(count=3), sizes=(3, 1, 1)))
    with tifffile.TiffWriter(folder / "levels_of_the_first.ome.tif", ome=False) as out:
        for z in range(3):
            plane = np.full(SHAPE, z + 5, np.uint8)
            text = None if z else xml
            out.write(plane, subifds=None if z else 1, description=text, metadata=None)
            if z == 0:
                out.write(plane[::2, ::2], subfiletype=1, metadata=None)


def make_ome_sets(folder: Path) -> None:
    """Write sets, companions, plates, and files that were renamed or copied."""
    write_set(folder / "two", ["two_C0.ome.tif", "two_C1.ome.tif"])
    write_set(folder / "absolute", ["a.ome.tif"], own=False)
    write_set(folder / "renamed", ["before.ome.tif"], ["after.ome.tif"])
    write_set(
        folder / "renamed-set", ["x_0.ome.tif", "x_1.ome.tif"], ["y_0.ome.tif", "x_1.ome.tif"]
    )
    write_set(
        folder / "names-exchanged",
        ["e_0.ome.tif", "e_1.ome.tif"],
        ["e_1.ome.tif", "e_0.ome.tif"],
    )
    write_set(
        folder / "other-case",
        ["A_C0.OME.TIF", "A_C1.OME.TIF"],
        ["a_c0.ome.tif", "a_c1.ome.tif"],
    )
    windows = [f"C:\\data\\w_C{n}.ome.tif" for n in range(2)]
    write_set(folder / "windows-names", windows, ["w_C0.ome.tif", "w_C1.ome.tif"])
    write_set(folder / "copy-beside", ["c.ome.tif"])
    copied = ome(image(block(file="c.ome.tif", own=uuid(1))), own=uuid(1))
    write_pages(folder / "copy-beside" / "c - Copy.ome.tif", copied, [77])
    _write_companion(folder / "companion")
    blocks = block(file="p_C0.ome.tif", own=uuid(1)) + block(c=1, file="q.ome.tif", own=uuid(2))
    to_master = pointer("q.ome.tif", own=uuid(1), target=uuid(2))
    write_pages(folder / "pointer" / "p_C0.ome.tif", to_master, [10])
    master = ome(image(blocks, sizes=(1, 2, 1)), own=uuid(2))
    write_pages(folder / "pointer" / "q.ome.tif", master, [11])
    images = [image(block(n), number=n) for n in range(5)]
    plates = ome(plate(0, [0, 1], "left"), plate(1, [2, 3], "right"), *images)
    write_pages(folder / "plates" / "plates.ome.tif", plates, range(5))
    fields = image("<MetadataOnly/>"), image(block(), number=1)
    write_pages(
        folder / "plates" / "field_missing.ome.tif", ome(plate(0, [0, 1]), *fields), [5]
    )


def _write_companion(folder: Path) -> None:
    blocks = "".join(block(c=n, file=f"m_C{n}.tif", own=uuid(n + 1)) for n in range(2))
    for n in range(2):
        write_pages(folder / f"m_C{n}.tif", None, [10 + n])
    xml = ome(image(blocks, sizes=(1, 2, 1)), own=uuid(9))
    (folder / "m.companion.ome").write_text(xml)


def make_ome_xml(folder: Path) -> None:
    """Write OME-XML that holds its pixels, packed in every way."""
    planes = numbers((3, *SHAPE), most=60_000)
    for compression in ("", "zlib", "bzip2"):
        for big in (False, True):
            each = "\n".join(bin_data(plane, compression, big=big) for plane in planes)
            name = f"{compression or 'plain'}{'_big' if big else ''}.ome"
            (folder / name).write_text(ome(image(each, sizes=(3, 1, 1), dtype="uint16")))
    whole = ome(image(bin_data(planes), sizes=(3, 1, 1), dtype="uint16"))
    (folder / "one_element.ome.xml").write_text(whole)
    _write_bytes_that_are_no_planes(folder, planes)


def _write_bytes_that_are_no_planes(folder: Path, planes: Any) -> None:
    pixels = image("".join(map(bin_data, planes)), sizes=(3, 1, 1), dtype="uint16")
    mask = (
        '<ROI ID="ROI:0"><Union><Mask ID="Shape:0" X="0" Y="0" Width="8" Height="8">'
        '<BinData BigEndian="false" Length="12">gEAgEAgEAgE=</BinData></Mask></Union></ROI>'
    )
    (folder / "mask.ome.xml").write_text(ome(pixels, mask))
    comment = '<!-- <Pixels><BinData Length="4">AAAA</BinData> -->'
    (folder / "comment.ome.xml").write_text(ome(comment, pixels))
