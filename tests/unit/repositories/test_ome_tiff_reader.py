"""OME-TIFF whose metadata says too little, says it otherwise, or was renamed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.local_images import Opener, opener
from tests.support.ome_files import (
    SHAPE,
    block,
    image,
    ome,
    plate,
    pointer,
    uuid,
    write_pages,
    write_set,
)
from transferapp.errors import DamagedFile, MissingCompanion, UnsupportedFile
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers.port import ReadImage, WellPosition

__all__ = ["opener"]


def values(found: ReadImage) -> list[int]:
    """Return what fills each plane, in the order t, c, z."""
    header = found.header
    return [
        int(found.read(TileRegion(0, t, c, z, 1, 1, SHAPE[0] - 2, SHAPE[1] - 2)).mean())
        for t in range(header.size_t)
        for c in range(header.size_c)
        for z in range(header.size_z)
    ]


def test_images_without_tiffdata_take_the_pages_in_order(
    opener: Opener, tmp_path: Path
) -> None:
    path = write_pages(tmp_path / "a.ome.tif", ome(image("", sizes=(3, 1, 1))), [5, 6, 7])
    assert values(opener.only_image(path)) == [5, 6, 7]


def test_planes_that_no_tiffdata_names_are_not_black(opener: Opener, tmp_path: Path) -> None:
    xml = ome(image(block(), sizes=(3, 1, 1)))
    path = write_pages(tmp_path / "a.ome.tif", xml, [5, 6, 7])
    assert values(opener.only_image(path)) == [5, 6, 7]


def test_planes_that_were_never_acquired_are_black(opener: Opener, tmp_path: Path) -> None:
    xml = ome(image(block(0, z=0) + block(1, z=2), sizes=(3, 1, 1)))
    path = write_pages(tmp_path / "a.ome.tif", xml, [5, 7])
    assert values(opener.only_image(path)) == [5, 0, 7]


@pytest.mark.parametrize("blocks", ["", block(2, z=2), block(count=3)])
def test_too_few_pages_are_damage(opener: Opener, tmp_path: Path, blocks: str) -> None:
    path = write_pages(tmp_path / "a.ome.tif", ome(image(blocks, sizes=(3, 1, 1))), [5, 6])
    with pytest.raises(DamagedFile, match="not copied completely"):
        opener.only_image(path)


def test_a_page_of_another_size_is_damage(opener: Opener, tmp_path: Path) -> None:
    xml = ome(image("", sizes=(2, 1, 1))).replace(f'SizeX="{SHAPE[1]}"', 'SizeX="7"')
    path = write_pages(tmp_path / "a.ome.tif", xml, [5, 6])
    with pytest.raises(DamagedFile, match="size"):
        opener.only_image(path)


@pytest.mark.parametrize("samples", [[3], [], [1, 1, 1]])
def test_colours_are_what_the_page_holds(
    opener: Opener, tmp_path: Path, samples: list[int]
) -> None:
    xml = ome(image(block(), sizes=(1, 3, 1), samples=samples))
    path = write_pages(tmp_path / "a.ome.tif", xml, [5], colours=True)
    found = opener.only_image(path)
    assert found.header.size_c == 3
    assert values(found) == [5, 6, 7]


def test_channels_that_colours_do_not_fit_into(opener: Opener, tmp_path: Path) -> None:
    xml = ome(image(block(), sizes=(1, 4, 1), samples=[3, 1]))
    path = write_pages(tmp_path / "a.ome.tif", xml, [5], colours=True)
    with pytest.raises(UnsupportedFile, match="4 channels"):
        opener(path)


def test_channels_without_an_element_are_there(opener: Opener, tmp_path: Path) -> None:
    xml = ome(image(block(count=2), sizes=(1, 2, 1), samples=[]))
    path = write_pages(tmp_path / "a.ome.tif", xml, [5, 6])
    assert values(opener.only_image(path)) == [5, 6]


def test_a_field_that_was_not_acquired_is_no_image(opener: Opener, tmp_path: Path) -> None:
    images = image("<MetadataOnly/>"), image(block(), number=1)
    path = write_pages(tmp_path / "a.ome.tif", ome(plate(0, [0, 1]), *images), [5])
    found = opener.only_image(path)
    assert values(found) == [5]
    assert found.header.well == WellPosition(0, 1, 0)


def test_metadata_only_alone_is_an_oversight(opener: Opener, tmp_path: Path) -> None:
    path = write_pages(tmp_path / "a.ome.tif", ome(image("<MetadataOnly/>")), [5])
    assert values(opener.only_image(path)) == [5]


def test_two_plates_in_one_document(opener: Opener, tmp_path: Path) -> None:
    images = [image(block(n), number=n) for n in range(5)]
    xml = ome(plate(0, [0, 1], "left"), plate(1, [2, 3], "right"), *images)
    found = opener(write_pages(tmp_path / "a.ome.tif", xml, range(5)))
    assert found.plates == ("left", "right")
    wells = [one.header.well for one in found.images]
    assert wells == [
        WellPosition(0, 0, 0, plate=0),
        WellPosition(0, 1, 0, plate=0),
        WellPosition(0, 0, 0, plate=1),
        WellPosition(0, 1, 0, plate=1),
        None,
    ]


@pytest.mark.parametrize("first", ["a_C0.ome.tif", "b_master.ome.tif"])
def test_a_document_in_a_tiff_that_others_point_to(
    opener: Opener, tmp_path: Path, first: str
) -> None:
    blocks = block(file="a_C0.ome.tif", own=uuid(1)) + block(
        c=1, file="b_master.ome.tif", own=uuid(2)
    )
    to_master = pointer("b_master.ome.tif", own=uuid(1), target=uuid(2))
    write_pages(tmp_path / "a_C0.ome.tif", to_master, [10])
    master = ome(image(blocks, sizes=(1, 2, 1)), own=uuid(2))
    write_pages(tmp_path / "b_master.ome.tif", master, [11])
    assert values(opener.only_image(tmp_path / first)) == [10, 11]


def test_pointers_do_not_lead_in_a_circle(opener: Opener, tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        xml = pointer(f"{other}.ome.tif", own=uuid(1), target=uuid(2))
        write_pages(tmp_path / f"{name}.ome.tif", xml, [1])
    with pytest.raises(DamagedFile):
        opener(tmp_path / "a.ome.tif")


@pytest.mark.parametrize("own", [True, False])
def test_a_renamed_file_reads_as_before(opener: Opener, tmp_path: Path, own: bool) -> None:
    [path] = write_set(tmp_path, ["before.ome.tif"], ["after.tif"], own=own)
    assert values(opener.only_image(path)) == [10]


def test_a_file_with_the_uuid_of_another_is_missing(opener: Opener, tmp_path: Path) -> None:
    xml = ome(image(block(file="before.ome.tif", own=uuid(1))), own=uuid(2))
    path = write_pages(tmp_path / "after.ome.tif", xml, [5])
    with pytest.raises(MissingCompanion, match=r"before\.ome\.tif"):
        opener(path)


def test_a_copy_reads_its_own_pixels(opener: Opener, tmp_path: Path) -> None:
    write_set(tmp_path, ["a.ome.tif"])
    xml = ome(image(block(file="a.ome.tif", own=uuid(1))), own=uuid(1))
    copy = write_pages(tmp_path / "a - Copy.ome.tif", xml, [77])
    assert values(opener.only_image(copy)) == [77]


@pytest.mark.parametrize("name", ["../outside.ome.tif", "link.ome.tif"])
def test_no_name_leads_out_of_the_fileset(opener: Opener, tmp_path: Path, name: str) -> None:
    secret = write_pages(tmp_path / "outside.ome.tif", None, [9])
    folder = tmp_path / "fileset"
    xml = ome(image(block(file=name, own=uuid(1))), own=uuid(2))
    path = write_pages(folder / "a.ome.tif", xml, [5])
    (folder / "link.ome.tif").symlink_to(secret)
    with pytest.raises(MissingCompanion):
        opener(path)


@pytest.mark.parametrize(
    ("below", "kept"), [([2, 0, 0], 1), ([2, 1, 2], 2), ([0, 2, 2], 1), ([2, 2, 2], 3)]
)
def test_levels_are_those_that_every_plane_has(
    opener: Opener, tmp_path: Path, below: list[int], kept: int
) -> None:
    # Bio-Formats 7.3.1 shows as many as the first plane has.
    path = tmp_path / "a.ome.tif"
    xml = ome(image(block(count=3), sizes=(3, 1, 1)))
    with tifffile.TiffWriter(path, ome=False) as out:
        for z, count in enumerate(below):
            plane = np.full(SHAPE, z + 5, np.uint8)
            description = xml if z == 0 else None
            out.write(plane, subifds=count or None, description=description, metadata=None)
            for step in range(1, count + 1):
                smaller = plane[:: 2**step, :: 2**step]
                out.write(smaller, subfiletype=1, metadata=None)
    found = opener.only_image(path)
    found.check()
    assert len(found.header.levels) == kept
    assert values(found) == [5, 6, 7]
    for number, level in enumerate(found.header.levels):
        last = found.read(TileRegion(number, 0, 0, 2, 0, 0, level.size_y, level.size_x))
        assert (last == 7).all()


@pytest.mark.parametrize(
    ("samples", "channels", "wanted"),
    [
        ([3], 3, ["Brightfield 0: Red", "Brightfield 0: Green", "Brightfield 0: Blue"]),
        ([3, 3], 6, ["Brightfield 0: Red", "Brightfield 1: Blue"]),
        ([1, 1, 1], 3, ["Red", "Green", "Blue"]),
    ],
)
def test_colours_keep_the_name_of_their_channel(
    opener: Opener, tmp_path: Path, samples: list[int], channels: int, wanted: list[str]
) -> None:
    xml = ome(image(block(count=len(samples)), sizes=(1, channels, 1), samples=samples))
    for n in range(len(samples)):
        xml = xml.replace(f'ID="Channel:0:{n}"', f'ID="Channel:0:{n}" Name="Brightfield {n}"')
    count = 1 if channels == 3 else 2
    path = write_pages(tmp_path / "a.ome.tif", xml, [5, 6][:count], colours=True)
    names = [channel.name for channel in opener.only_image(path).header.channels]
    assert len(names) == channels
    assert (names[0], names[-1]) == (wanted[0], wanted[-1])
