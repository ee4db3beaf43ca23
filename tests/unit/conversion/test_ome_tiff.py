"""The form OME-TIFF, read back by tifffile and ome-types."""

from __future__ import annotations

import errno
import os
import threading
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import ome_types
import pytest
import tifffile
from lxml import etree
from ome_types.model import UnitsLength
from typing_extensions import override

from transferapp import errors
from transferapp.conversion import kept_level, tiff_layout
from transferapp.conversion.cut_image import CutImage
from transferapp.conversion.ome_tiff import OmeTiff
from transferapp.conversion.ome_xml import ome_xml
from transferapp.conversion.port import Form
from transferapp.conversion.tiff_layout import Compression, halved
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.testing.cut_images import image_of, noise
from transferapp.testing.form_suite import FormSuite, ReadBack, files_of, left_over, nothing

SCHEMA = Path(ome_types.__file__).with_name("ome-2016-06.xsd")


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


class TestOmeTiff(FormSuite):
    """All that a form does."""

    @override
    def make(self) -> Form:
        return OmeTiff()

    @override
    def read_back(self, folder: Path) -> ReadBack:
        with tifffile.TiffFile(only_file(folder)) as file:
            series = file.series[0]
            sizes = dict(zip(series.axes, series.shape, strict=True))
            shape = tuple(sizes.get(axis, 1) for axis in "TCZYX")
            stored = np.asarray(series.asarray()).reshape(shape)
            document = ome_types.from_xml(file.ome_metadata or "")
        pixels = document.images[0].pixels
        sizes_um = pixels.physical_size_z, pixels.physical_size_y, pixels.physical_size_x
        colors = [one.color.as_rgb_tuple(alpha=False) for one in pixels.channels]
        return ReadBack(
            stored,
            sizes_um,
            tuple(one.name or "" for one in pixels.channels),
            tuple(bytes(int(part) for part in one).hex().upper() for one in colors),
            pixels.time_increment,
        )


async def test_when_it_was_taken_and_in_which_light(tmp_path: Path) -> None:
    """Twice: what images that are alike share is not what differs between them."""
    for number, description in enumerate(("Fixed <& stained>\nwith DAPI", "", "")):
        folder = tmp_path / str(number)
        folder.mkdir()
        when = datetime(2024, 2, 29, 13, 5, 6 + number, tzinfo=timezone(timedelta(hours=2)))
        image = image_of(
            noise((1, 2, 1, 5, 6), "uint8"), acquired_at=when, description=description
        )
        await OmeTiff().write(image, folder, nothing)
        with tifffile.TiffFile(only_file(folder)) as file:
            found = ome_types.from_xml(file.ome_metadata or "").images[0]
        assert found.acquisition_date == when
        assert (found.description or "") == description
        first, second = found.pixels.channels
        assert (first.excitation_wavelength, first.emission_wavelength) == (358.0, 461.5)
        assert first.emission_wavelength_unit is UnitsLength.NANOMETER
        assert second.excitation_wavelength is None


@pytest.mark.parametrize("most_in_memory", [0, 64 << 20])
@pytest.mark.parametrize("compression", Compression)
async def test_each_level_has_the_means_of_the_one_before(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    compression: Compression,
    most_in_memory: int,
) -> None:
    monkeypatch.setattr(kept_level, "MOST_IN_MEMORY", most_in_memory)
    # Blocks of two tiles: pieces that are kept are put together across and down.
    monkeypatch.setattr(tiff_layout, "_BLOCK_BYTES", 1 << 20)
    image = image_of(noise((1, 2, 1, 3001, 2111), "uint16"))
    await OmeTiff(compression).write(image, tmp_path, nothing)
    with tifffile.TiffFile(only_file(tmp_path)) as file:
        assert [level.shape[1:] for level in file.series[0].levels] == [
            (3001, 2111),
            (1501, 1056),
            (751, 528),
            (376, 264),
        ]
        for before, after in pairwise(file.series[0].levels):
            for large, small in zip(before.asarray(), after.asarray(), strict=True):
                np.testing.assert_array_equal(small, halved(large))
        pages = [page.aspage() for page in file.pages]
    assert {page.tile for page in pages} == {(512, 512)}
    assert {tifffile.COMPRESSION(page.compression).name.lower() for page in pages} == {
        str(compression)
    }
    await OmeTiff(compression).verify(image, tmp_path, nothing)


@pytest.mark.parametrize(
    ("dtype", "pixels", "mean"),
    [
        ("uint8", [[255, 255], [255, 254]], 255),
        ("int16", [[-32768, -32768], [-32768, -32767]], -32768),
        ("uint32", [[2**32 - 1] * 2, [2**32 - 1] * 2], 2**32 - 1),
        ("int8", [[-1, -2], [-3, -4]], -2),
        ("float32", [[3e38, 3e38], [3e38, 3e38]], 3e38),
        ("float64", [[1.0, np.nan], [1.0, 1.0]], np.nan),
    ],
)
def test_a_mean_stays_within_its_type(dtype: str, pixels: Any, mean: float) -> None:
    np.testing.assert_array_equal(
        halved(np.array(pixels, dtype)), np.array([[mean]], dtype), strict=True
    )


def test_an_odd_edge_is_its_own_neighbour() -> None:
    assert halved(np.array([[2, 4, 7]], np.uint8)).tolist() == [[3, 7]]


@pytest.mark.parametrize(("most", "big"), [(90_000, True), (3_900_000_000, False)])
async def test_what_a_tiff_cannot_count_is_a_bigtiff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, *, big: bool
) -> None:
    monkeypatch.setattr(tiff_layout, "MOST_CLASSIC_BYTES", most)
    # The limit is of what it could have with its levels, not of what was saved.
    image = image_of(np.zeros((1, 2, 1, 200, 210), "uint8"))
    await OmeTiff().write(image, tmp_path, nothing)
    with tifffile.TiffFile(only_file(tmp_path)) as file:
        assert file.is_bigtiff is big
    await OmeTiff().verify(image, tmp_path, nothing)


def test_an_image_of_60_000_pixels_an_edge_is_a_bigtiff_in_small_blocks() -> None:
    image = replace(image_of(noise((1, 3, 1, 4, 4), "uint16")), size_y=60_000, size_x=60_000)
    layout = tiff_layout.tiff_layout(image, Compression.DEFLATE)
    assert layout.big
    assert layout.block[0] * layout.block[1] * 2 <= 4 << 20


@pytest.mark.parametrize("where", ["file", "kept"])
@pytest.mark.parametrize(
    ("number", "error"),
    [(errno.ENOSPC, errors.StorageFull), (errno.EIO, errors.Unavailable)],
)
async def test_a_disk_that_is_full_or_fails(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    number: int,
    error: type[errors.TransferAppError],
) -> None:
    """Threads end, and what was written of the file is removed."""

    def fail(*_all: Any, **_named: Any) -> Any:
        raise OSError(number, "no")

    if where == "kept":
        monkeypatch.setattr(kept_level, "MOST_IN_MEMORY", 0)
        monkeypatch.setattr(os, "pwrite", fail)
    else:
        monkeypatch.setattr(tifffile.FileHandle, "write", fail)
    before = set(threading.enumerate())
    with pytest.raises(error):
        await OmeTiff().write(image_of(noise((1, 3, 1, 1600, 900), "uint8")), tmp_path, nothing)
    assert left_over(before) == []
    assert files_of(tmp_path) == []


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    image = image_of(noise((1, 1, 1, 4, 4), "uint8"))
    with pytest.raises(errors.Unavailable):
        await OmeTiff().write(image, tmp_path / "gone", nothing)


async def test_a_file_of_another_image_is_not_taken_for_it(tmp_path: Path) -> None:
    await OmeTiff().write(image_of(noise((1, 1, 1, 40, 40), "uint8")), tmp_path, nothing)
    for shape, dtype in (((1, 1, 1, 40, 41), "uint8"), ((1, 1, 1, 40, 40), "int8")):
        with pytest.raises(errors.ChecksumMismatch):
            await OmeTiff().verify(image_of(noise(shape, dtype)), tmp_path, nothing)


async def test_a_damaged_tile_of_a_smaller_level_is_found(tmp_path: Path) -> None:
    image = image_of(noise((1, 1, 1, 900, 800), "uint16"))
    await OmeTiff().write(image, tmp_path, nothing)
    path = only_file(tmp_path)
    with tifffile.TiffFile(path) as file:
        smaller = file.pages[0].aspage().pages
        assert smaller is not None
        offset = smaller[0].aspage().dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[offset + 1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(errors.ChecksumMismatch):
        await OmeTiff().verify(image, tmp_path, nothing)


async def test_the_stop_of_a_check_leaves_no_thread(tmp_path: Path) -> None:
    image = image_of(noise((1, 2, 1, 1600, 900), "uint8"))
    await OmeTiff().write(image, tmp_path, nothing)
    before = set(threading.enumerate())

    def stop(_share: float) -> None:
        raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        await OmeTiff().verify(image, tmp_path, stop)
    assert left_over(before) == []


def annotated(**more: Any) -> CutImage:
    image = image_of(
        noise((2, 3, 2, 5, 6), "float64"), name="a <b> & \N{GREEK SMALL LETTER MU}"
    )
    pairs = (("stain", "DAPI"), ("stain", "GFP"), ("empty", ""))
    annotations = (
        Annotation(AnnotationKind.TAG, value="mitosis \N{HEAVY CHECK MARK}"),
        Annotation(AnnotationKind.KEY_VALUE, "openmicroscopy.org/omero/client", pairs=pairs),
        Annotation(AnnotationKind.COMMENT, value="line 1\nline \x00 2"),
    )
    return replace(image, annotations=annotations, **more)


def test_the_document_is_valid() -> None:
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    for image in (annotated(), image_of(noise((1, 1, 1, 1, 1), "uint8"), channels=())):
        schema.assertValid(etree.fromstring(ome_xml(image)))


def test_annotations_are_linked_to_the_image() -> None:
    document = ome_types.from_xml(ome_xml(annotated()).decode())
    (image,) = document.images
    assert image.name == "a <b> & \N{GREEK SMALL LETTER MU}"
    assert image.pixels.type.value == "double"
    assert str(image.pixels.physical_size_x_unit.value) == "\N{MICRO SIGN}m"
    every = document.structured_annotations
    assert every is not None
    tag, pairs, comment = (
        every.tag_annotations,
        every.map_annotations,
        every.comment_annotations,
    )
    assert [one.value for one in tag] == ["mitosis \N{HEAVY CHECK MARK}"]
    assert [(one.k, one.value or "") for one in pairs[0].value.ms] == [
        ("stain", "DAPI"),
        ("stain", "GFP"),
        ("empty", ""),
    ]
    assert pairs[0].namespace == "openmicroscopy.org/omero/client"
    assert [one.value for one in comment] == ["line 1\nline \N{REPLACEMENT CHARACTER} 2"]
    linked = {one.id for one in image.annotation_refs}
    assert linked == {one.id for one in (*tag, *pairs, *comment)}


async def test_planes_lie_in_z_then_c_then_t(tmp_path: Path) -> None:
    pixels = noise((2, 3, 4, 5, 6), "uint8")
    await OmeTiff().write(image_of(pixels), tmp_path, nothing)
    with tifffile.TiffFile(only_file(tmp_path)) as file:
        assert len(file.pages) == 24
        assert file.pages[1 + 4 * (2 + 3 * 1)].asarray().tolist() == pixels[1, 2, 1].tolist()
