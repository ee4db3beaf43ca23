"""OME-Zarr as the specifications allow it: intact data is shown, whatever else it says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from hypothesis import given, settings, strategies as st
from structlog.testing import capture_logs
from zarr.codecs import BloscCodec

from tests.support.local_images import Opener, opener
from tests.support.ome_zarrs import (
    image_attributes,
    write_array,
    write_group,
    write_image,
    write_plate,
)
from tests.support.zarr_reading import CYX, all_pixels, images, only
from transferapp.errors import DamagedFile, EmptyFile, UnsupportedFile
from transferapp.intake.grouping import group
from transferapp.intake.preflight import preflight
from transferapp.intake.scanning import scan
from transferapp.repositories.local.readers.port import WellPosition

__all__ = ["opener"]

# Chunks that are not stored --------------------------------------------------------------


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("fill", [0, 9])
def test_an_array_without_chunks_is_full_of_its_fill_value(
    opener: Opener, tmp_path: Path, zarr_format: int, fill: int
) -> None:
    empty = np.full((2, 6, 8), fill, np.uint16)
    folder = write_image(
        tmp_path / "a.ome.zarr", empty, zarr_format=zarr_format, fill_value=fill
    )
    assert not [p for p in (folder / "0").rglob("*") if p.is_file() and p.name[0] in "0c"]
    assert (all_pixels(only(opener, folder)) == fill).all()


def test_a_fill_value_of_null_is_nought(opener: Opener, tmp_path: Path) -> None:
    folder = write_image(tmp_path / "a.ome.zarr", np.zeros_like(CYX))
    document = json.loads((folder / "0" / ".zarray").read_text()) | {"fill_value": None}
    (folder / "0" / ".zarray").write_text(json.dumps(document))
    assert not all_pixels(only(opener, folder)).any()


def test_a_dark_well_does_not_cost_the_plate(opener: Opener, tmp_path: Path) -> None:
    bright, dark = np.full((16, 16), 7, np.uint8), np.zeros((16, 16), np.uint8)
    folder = write_plate(tmp_path / "p.ome.zarr", {"A/1": [bright], "A/2": [dark]})
    found = images(opener, folder)
    assert [all_pixels(image).max() for image in found] == [7, 0]


# What is listed and not there ------------------------------------------------------------


def test_listed_wells_and_fields_that_are_not_there_are_skipped(
    opener: Opener, tmp_path: Path
) -> None:
    fields = [np.full((4, 4), n, np.uint8) for n in (1, 2, 3)]
    folder = write_plate(tmp_path / "p.zarr", {"A/1": fields, "B/2": fields}, listed=["A/2"])
    shutil.rmtree(folder / "A" / "1" / "1")
    # A group alone, as some programs make it before they image.
    shutil.rmtree(folder / "B" / "2" / "0")
    write_group(folder / "B" / "2" / "0", {})
    with capture_logs() as logs:
        found = images(opener, folder)
    assert [int(all_pixels(image).max()) for image in found] == [1, 3, 2, 3]
    assert [image.header.well for image in found] == [
        WellPosition(0, 0, 0), WellPosition(0, 0, 2),
        WellPosition(1, 1, 1), WellPosition(1, 1, 2),
    ]  # fmt: skip
    [note] = logs
    assert (note["count"], sorted(note["first"])) == (3, ["A/1/1", "A/2", "B/2/0"])


def test_a_plate_of_which_nothing_is_there_is_damaged(opener: Opener, tmp_path: Path) -> None:
    folder = write_plate(tmp_path / "p.zarr", {}, listed=["A/1", "B/1"])
    with pytest.raises(DamagedFile, match=r"'p\.zarr' holds no image"):
        images(opener, folder)


@pytest.mark.parametrize(
    "lost", ["A/1/.zattrs", "A/1/.zgroup", "A/1/0/.zattrs", "A/1/0/.zgroup", "A/1/0/0/.zarray"]
)
def test_pixels_whose_metadata_is_lost_are_damage(
    opener: Opener, tmp_path: Path, lost: str
) -> None:
    plane = np.ones((4, 4), np.uint8)
    folder = write_plate(tmp_path / "p.zarr", {"A/1": [plane], "A/2": [plane]})
    (folder / lost).unlink()
    with pytest.raises(DamagedFile, match=r"'p\.zarr' is not complete.*Copy the whole folder"):
        images(opener, folder)


def test_a_level_without_its_array_is_damage(opener: Opener, tmp_path: Path) -> None:
    attributes = image_attributes("cyx", levels=2)
    folder = write_image(tmp_path / "a.zarr", CYX, attributes=attributes)
    with pytest.raises(DamagedFile, match=r"its level '1' is missing"):
        images(opener, folder)


def test_a_chunk_that_was_cut_short_is_damage(opener: Opener, tmp_path: Path) -> None:
    folder = write_image(tmp_path / "a.zarr", CYX, chunks=(1, 6, 8))
    last = folder / "0" / "1.0.0"
    last.write_bytes(last.read_bytes()[:-10])
    with pytest.raises(DamagedFile, match=r"a\.zarr"):
        images(opener, folder)


def test_an_image_without_pixels_is_empty(opener: Opener, tmp_path: Path) -> None:
    folder = write_image(tmp_path / "a.zarr", CYX[:, :0], chunks=(1, 1, 1))
    with pytest.raises(EmptyFile, match=r"a\.zarr"):
        images(opener, folder)


# Consolidated metadata -------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Consolidated metadata:UserWarning")
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_stale_consolidated_metadata_hides_nothing(
    opener: Opener, tmp_path: Path, zarr_format: int
) -> None:
    pixels = np.random.default_rng(5).integers(1, 99, (5, 4, 4)).astype(np.uint16)
    folder = write_image(
        tmp_path / "a.ome.zarr", pixels[:2], "tyx", zarr_format=zarr_format, chunks=(1, 4, 4)
    )
    zarr.consolidate_metadata(str(folder))
    array: Any = zarr.open_array(folder / "0", mode="r+")
    array.resize((5, 4, 4))
    array[2:] = pixels[2:]
    stale: Any = zarr.open_group(folder, mode="r")["0"]
    assert stale.shape[0] == 2, "what zarr makes of it"
    image = only(opener, folder)
    assert image.header.size_t == 5
    np.testing.assert_array_equal(all_pixels(image)[:, 0, 0], pixels)


# Layouts ---------------------------------------------------------------------------------


def test_of_several_multiscales_the_first_is_the_image(opener: Opener, tmp_path: Path) -> None:
    attributes = image_attributes("cyx")
    other = image_attributes("cyx")["multiscales"][0]
    other["datasets"][0]["path"] = "second"
    attributes["multiscales"].append(other)
    folder = write_image(tmp_path / "a.zarr", CYX, attributes=attributes)
    write_array(folder / "second", CYX + 1)
    np.testing.assert_array_equal(all_pixels(only(opener, folder))[0, :, 0], CYX)


def test_labels_are_no_images_of_their_own(opener: Opener, tmp_path: Path) -> None:
    folder = write_image(tmp_path / "a.zarr", CYX)
    write_group(folder / "labels", {"labels": ["cells"]})
    write_image(folder / "labels" / "cells", CYX.astype(np.int64))
    np.testing.assert_array_equal(all_pixels(only(opener, folder))[0, :, 0], CYX)


@pytest.mark.parametrize("listed", [["10", "2"], ["2", "10", "7"], None])
def test_collections_of_bioformats2raw(
    opener: Opener, tmp_path: Path, listed: list[str] | None
) -> None:
    folder = write_group(tmp_path / "a.zarr", {"bioformats2raw.layout": 3})
    for name, value in (("2", 2), ("10", 10)):
        write_image(folder / name, np.full((4, 4), value, np.uint8))
    write_group(folder / "notes", {})
    if listed:
        write_group(folder / "OME", {"series": listed})
    found = [int(all_pixels(image).max()) for image in images(opener, folder)]
    assert found == ([10, 2] if listed == ["10", "2"] else [2, 10])


def test_a_well_by_itself(opener: Opener, tmp_path: Path) -> None:
    planes = [np.full((4, 4), n, np.uint8) for n in (1, 2)]
    folder = write_plate(tmp_path / "p.zarr", {"A/1": planes})
    fileset = opener(folder / "A" / "1" / ".zattrs", folder / "A" / "1")
    assert not fileset.plates
    assert [int(all_pixels(image).max()) for image in fileset.images] == [1, 2]


@pytest.mark.parametrize(
    ("well", "wanted"),
    [
        ({"path": "B/03"}, (1, 2)),
        ({"path": "row7/left"}, (0, 1)),
        ({"path": "AA/12"}, (26, 11)),
        ({"path": "B/3", "row_index": 4, "column_index": 5}, (4, 5)),
        ({"path": "B/3", "rowIndex": 6, "columnIndex": 7}, (6, 7)),
    ],
)
def test_wells_of_all_versions_know_their_place(
    opener: Opener, tmp_path: Path, well: dict[str, Any], wanted: tuple[int, int]
) -> None:
    plate = {
        "rows": [{"name": "row7"}],
        "columns": [{"name": "right"}, {"name": "left"}],
        "wells": [well],
    }
    folder = write_group(tmp_path / "p.zarr", {"plate": plate})
    write_group(folder / well["path"], {"well": {"images": [{"path": "0"}]}})
    write_image(folder / well["path"] / "0", CYX)
    place = only(opener, folder).header.well
    assert place == WellPosition(*wanted, 0)


@pytest.mark.parametrize(
    "ome",
    [
        {"plate": {}}, {"plate": {"wells": [5]}}, {"plate": {"wells": [{}]}},
        {"plate": {"wells": [{"path": "a"}]}}, {"plate": None}, {"multiscales": []},
        {"multiscales": [{}]}, {"multiscales": [{"datasets": []}]}, {"multiscales": "text"},
        {"multiscales": [{"datasets": [{"path": "../0"}]}]}, {"well": {"images": [{}]}},
        {"plate": {"wells": [{"path": "/etc", "rowIndex": 0, "columnIndex": 0}]}},
    ],
)  # fmt: skip
def test_metadata_that_lists_nothing_to_open_is_damaged(
    opener: Opener, tmp_path: Path, ome: dict[str, Any]
) -> None:
    with pytest.raises(DamagedFile):
        images(opener, write_group(tmp_path / "a.zarr", ome))


# Pixels ----------------------------------------------------------------------------------

SHARDED = {"chunks": (1, 3, 4), "shards": (2, 6, 8)}


@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (1, 3, 5)},
        {"chunks": (1, 3, 5), "chunk_key_encoding": {"name": "v2", "separator": "/"}},
        {"chunks": (2, 4, 4), "compressors": None},
        {"zarr_format": 3, "chunks": (1, 3, 5)},
        {"zarr_format": 3, "compressors": [BloscCodec()]},
        {"zarr_format": 3, **SHARDED},
    ],
)
@pytest.mark.parametrize("dtype", ["u1", ">u2", "i1", "<i4", ">u4", "f2", ">f4", "f8"])
def test_pixels_are_those_that_zarr_reads(
    opener: Opener, tmp_path: Path, options: dict[str, Any], dtype: str
) -> None:
    pixels = CYX.astype(dtype)
    folder = write_image(tmp_path / "a.ome.zarr", pixels, **options)
    image = only(opener, folder)
    array: Any = zarr.open_array(folder / "0", mode="r")
    found = all_pixels(image)[0, :, 0]
    np.testing.assert_array_equal(found, array[...])
    shown = "float32" if dtype == "f2" else np.dtype(dtype).name
    assert found.dtype == image.header.dtype == shown


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_masks_keep_their_numbers(opener: Opener, tmp_path: Path, zarr_format: int) -> None:
    mask = CYX > 100
    folder = write_image(tmp_path / "a.zarr", mask, zarr_format=zarr_format, fill_value=False)
    image = only(opener, folder)
    np.testing.assert_array_equal(all_pixels(image)[0, :, 0], mask.astype(np.uint8))
    # Measured, the window of a full mask would show it as black.
    assert {hint.window for hint in image.header.channels} == {(0.0, 1.0)}


def test_the_window_of_a_mask_is_its_two_numbers(opener: Opener, tmp_path: Path) -> None:
    window = {"start": 0, "end": 255, "min": 0, "max": 255}
    channel = {"label": "cells", "color": "00FF00", "window": window}
    attributes = image_attributes("cyx", omero={"channels": [channel]})
    folder = write_image(tmp_path / "a.zarr", CYX[:1] > 100, attributes=attributes)
    [hint] = only(opener, folder).header.channels
    assert (hint.name, hint.color, hint.window) == ("cells", "00FF00", (0.0, 1.0))


@pytest.mark.parametrize("dtype", ["i8", "u8", "c8", "c16", "M8[s]"])
def test_pixels_that_cannot_be_shown(opener: Opener, tmp_path: Path, dtype: str) -> None:
    folder = write_image(tmp_path / "a.zarr", CYX.astype("i8").astype(dtype), fill_value=None)
    with pytest.raises(UnsupportedFile, match=r"which the image repository cannot show"):
        images(opener, folder)


@pytest.mark.parametrize(
    ("zarr_format", "changed"),
    [
        (2, {"dtype": "|O"}),
        (2, {"dtype": [["a", "<u2"]]}),
        (2, {"compressor": {"id": "martian"}}),
        (3, {"data_type": "bfloat16"}),
        (3, {"codecs": [{"name": "bytes"}, {"name": "martian"}]}),
        (3, {"chunk_grid": {"name": "rectangular", "configuration": {}}}),
    ],
)
def test_arrays_that_zarr_cannot_read_are_not_called_damaged(
    opener: Opener, tmp_path: Path, zarr_format: int, changed: dict[str, Any]
) -> None:
    folder = write_image(tmp_path / "a.zarr", CYX, zarr_format=zarr_format)
    path = folder / "0" / (".zarray" if zarr_format == 2 else "zarr.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    with pytest.raises(UnsupportedFile, match=r"'a\.zarr' has an array"):
        images(opener, folder)


@settings(max_examples=40, deadline=None)
@given(
    letters=st.sets(st.sampled_from("tcz")).flatmap(
        lambda others: st.permutations([*sorted(others), "y", "x"])
    ),
    dtype=st.sampled_from(["u1", ">u2", "<i2", "u4", "<f4", ">f8", "f2"]),
    zarr_format=st.sampled_from([2, 3]),
    fill=st.integers(0, 3),
    seed=st.integers(0, 999),
)
def test_intact_pixels_are_never_refused_and_never_changed(
    tmp_path_factory: pytest.TempPathFactory,
    letters: list[str],
    dtype: str,
    zarr_format: int,
    fill: int,
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    shape = random.integers(1, 7, len(letters))
    chunks = tuple(int(n) for n in random.integers(1, shape + 1))
    # Few values, so that some chunks are full of the fill value and not stored.
    pixels = random.integers(0, 4, shape).astype(dtype)
    pixels[0] = fill
    folder = write_image(
        tmp_path_factory.mktemp("made") / "a.ome.zarr",
        pixels,
        "".join(letters),
        zarr_format=zarr_format,
        chunks=chunks,
        fill_value=fill,
    )
    opened = Opener()
    found = all_pixels(only(opened, folder))
    opened.close()
    array: Any = zarr.open_array(folder / "0", mode="r")
    kept = [a for a in "tczyx" if a in letters]
    wanted = np.transpose(array[...], [letters.index(a) for a in kept])
    np.testing.assert_array_equal(found.reshape(wanted.shape), wanted)


# Levels that not every plane has ---------------------------------------------------------


@pytest.mark.parametrize(
    ("smaller", "levels"),
    [
        ([(2, 2, 2, 4, 4)], 1),
        ([(4, 1, 2, 4, 4)], 1),
        ([(4, 2, 1, 4, 4), (4, 2, 1, 2, 2)], 3),
        ([(4, 2, 2, 4, 4), (2, 2, 2, 2, 2), (4, 2, 2, 1, 1)], 2),
        ([(2, 4, 4)], 1),
        ([(4, 2, 2, 0, 4)], 1),
    ],
)
def test_a_level_with_fewer_times_is_left_out(
    opener: Opener, tmp_path: Path, smaller: list[tuple[int, ...]], levels: int
) -> None:
    pixels = np.arange(4 * 2 * 2 * 8 * 8, dtype=np.uint16).reshape(4, 2, 2, 8, 8)
    attributes = image_attributes("tczyx", levels=1 + len(smaller))
    folder = write_image(tmp_path / "a.ome.zarr", pixels, "tczyx", attributes=attributes)
    for number, shape in enumerate(smaller, start=1):
        chunks = tuple(max(1, size) for size in shape)
        write_array(folder / str(number), np.ones(shape, np.uint16), chunks=chunks)
    [candidate] = group(scan([folder]))
    assert not preflight(candidate).blocked
    found = only(opener, folder)
    found.check()
    assert len(found.header.levels) == levels
    np.testing.assert_array_equal(all_pixels(found), pixels)
