"""Judging OME-Zarrs before the upload: what is damaged, what is doubtful, what is fine."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
from zarr.registry import get_codec_class

from tests.support.local_images import Opener, opener
from tests.support.ome_zarrs import (
    image_attributes,
    write_array,
    write_group,
    write_image,
    write_plate,
)
from tests.support.zarr_reading import CYX, images
from transferapp.errors import SourceProblem
from transferapp.formats.omero import omero_formats
from transferapp.intake import zarr_integrity
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan

__all__ = ["opener"]

PLANE = np.ones((4, 4), np.uint8)
OMERO = omero_formats()


class Later:
    """A clock an hour ahead, so that fresh test files count as old."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=1)


def judge(folder: Path, **settings: Any) -> PreflightResult:
    (candidate,) = group(scan([folder]))
    return preflight(candidate, PreflightSettings(**settings), Later())


def code(result: PreflightResult) -> tuple[Severity, str]:
    return result.level, result.code


BLOCKED = Severity.BLOCKED
DAMAGED, UNSUPPORTED = (BLOCKED, "damaged-file"), (BLOCKED, "unsupported-file")
NOT_PLACED = (BLOCKED, "name-not-allowed")
FINE, DOUBTFUL = (Severity.OK, ""), (Severity.WARNING, "")


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_whole_images_are_fine(tmp_path: Path, zarr_format: int) -> None:
    pixels = CYX.astype(np.float16)
    folder = write_image(tmp_path / "a.zarr", pixels, zarr_format=zarr_format)
    assert code(judge(folder)) == FINE


@pytest.mark.parametrize("separator", ["/", "."])
@pytest.mark.parametrize("kind", ["default", "v2"])
def test_chunks_are_known_by_every_name(tmp_path: Path, kind: str, separator: str) -> None:
    keys = {"name": kind, "separator": separator}
    folder = write_image(tmp_path / "a.zarr", CYX, zarr_format=3, chunk_key_encoding=keys)
    assert code(judge(folder)) == FINE
    [chunk] = [p for p in (folder / "0").rglob("*") if p.is_file() and p.suffix != ".json"]
    chunk.write_bytes(b"")
    assert code(judge(folder)) == DAMAGED


def test_a_dark_well_is_fine_and_nothing_but_darkness_a_doubt(tmp_path: Path) -> None:
    dark = np.zeros_like(PLANE)
    assert code(judge(write_plate(tmp_path / "p.zarr", {"A/1": [PLANE, dark]}))) == FINE
    result = judge(write_plate(tmp_path / "q.zarr", {"A/1": [dark, dark]}))
    assert code(result) == DOUBTFUL
    assert "it is of one value all over" in result.sentence


def test_a_level_whose_chunks_are_not_there_is_a_doubt(tmp_path: Path) -> None:
    attributes = image_attributes("cyx", levels=2)
    folder = write_image(tmp_path / "a.zarr", CYX, attributes=attributes)
    write_array(folder / "1", CYX[:, ::2, ::2])
    assert code(judge(folder)) == FINE
    (folder / "1" / "0.0.0").unlink()
    result = judge(folder)
    assert code(result) == DOUBTFUL
    assert "no pixels in the files of '1'" in result.sentence


@pytest.mark.parametrize(
    ("metadata", "wanted"),
    [
        ("{}", DAMAGED),
        ("", DAMAGED),
        ('{"attributes":', DAMAGED),
        ("[1]", DAMAGED),
        ('{"node_type": "group"}', UNSUPPORTED),
        ('{"node_type": "group", "attributes": {"labels": ["cells"]}}', UNSUPPORTED),
        ('{"node_type": "array", "shape": [4]}', UNSUPPORTED),
        ('{"node_type": "group", "attributes": {"ome": {"multiscales": 5}}}', DAMAGED),
    ],
)
def test_zarrs_that_are_no_images(
    tmp_path: Path, metadata: str, wanted: tuple[Severity, str]
) -> None:
    folder = tmp_path / "a.zarr"
    folder.mkdir()
    (folder / "zarr.json").write_text(metadata)
    assert code(judge(folder)) == wanted


def test_an_array_by_itself_is_no_ome_zarr(opener: Opener, tmp_path: Path) -> None:
    for zarr_format, first in ((2, ".zarray"), (3, "zarr.json")):
        folder = tmp_path / f"{zarr_format}.zarr"
        write_array(folder, PLANE, zarr_format=zarr_format)
        assert code(judge(folder)) == UNSUPPORTED
        with pytest.raises(SourceProblem) as met:
            opener(folder / first, tmp_path)
        assert met.value.code == "unsupported-file"


def test_folders_without_metadata_are_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.zarr" / "0").mkdir(parents=True)
    (tmp_path / "a.zarr" / "0" / "chunk").write_text("x")
    (tmp_path / "b.zarr").mkdir()
    for name in ("a.zarr", "b.zarr"):
        result = judge(tmp_path / name)
        assert code(result) == DAMAGED
        assert "hidden files" in result.sentence


def test_images_in_a_zarr_that_is_none_are_named(tmp_path: Path) -> None:
    """As spatialdata writes them."""
    folder = write_group(tmp_path / "a.zarr", {})
    write_group(folder / "images", {})
    write_image(folder / "images" / "blobs", CYX)
    result = judge(folder)
    assert code(result) == UNSUPPORTED
    assert "Drop the images in it by themselves: 'images/blobs'." in result.sentence


def check_damaged_on_both_sides(opener: Opener, folder: Path) -> None:
    result = judge(folder)
    assert code(result) == DAMAGED
    assert "Copy" in result.sentence
    # The reader would say so too, after the upload.
    with pytest.raises(SourceProblem) as met:
        images(opener, folder)
    assert met.value.code == "damaged-file"


@pytest.mark.parametrize(
    "lost",
    [
        ".zgroup", "A/1/.zattrs", "A/1/.zgroup", "A/1/0/.zattrs", "A/1/0/.zgroup",
        "A/1/0/0/.zarray",
    ],
)  # fmt: skip
def test_metadata_that_was_not_copied(opener: Opener, tmp_path: Path, lost: str) -> None:
    folder = write_plate(tmp_path / "p.zarr", {"A/1": [PLANE], "A/2": [PLANE]})
    (folder / lost).unlink()
    check_damaged_on_both_sides(opener, folder)


@pytest.mark.parametrize("cut", [".zattrs", "A/1/.zattrs", "A/1/0/.zattrs", "A/1/0/0/.zarray"])
def test_metadata_that_was_cut_short(opener: Opener, tmp_path: Path, cut: str) -> None:
    folder = write_plate(tmp_path / "p.zarr", {"A/1": [PLANE], "A/2": [PLANE]})
    (folder / cut).write_text((folder / cut).read_text()[:-2])
    check_damaged_on_both_sides(opener, folder)


def test_a_level_without_its_array_is_damaged(tmp_path: Path) -> None:
    attributes = image_attributes("cyx", levels=2)
    result = judge(write_image(tmp_path / "a.zarr", CYX, attributes=attributes))
    assert code(result) == DAMAGED
    assert "its level '1' is missing" in result.sentence


def test_a_chunk_without_bytes_is_damaged(tmp_path: Path) -> None:
    folder = write_image(tmp_path / "a.zarr", CYX, chunks=(1, 6, 8))
    (folder / "notes.txt").touch()
    assert code(judge(folder)) == FINE
    (folder / "0" / "1.0.0").write_bytes(b"")
    result = judge(folder)
    assert code(result) == DAMAGED
    assert "a.zarr/0/1.0.0" in result.sentence


def test_listed_wells_that_are_not_there_are_a_doubt(tmp_path: Path) -> None:
    wells = {f"A/{n}": [PLANE] for n in (1, 2)}
    listed = [f"B/{n}" for n in range(1, 6)]
    folder = write_plate(tmp_path / "p.zarr", wells, listed)
    result = judge(folder)
    assert code(result) == DOUBTFUL
    assert "'B/1', 'B/2', 'B/3' and 2 more" in result.sentence
    assert "imported as it is" in result.sentence
    for well in wells:
        shutil.rmtree(folder / well)
    assert code(judge(folder)) == DAMAGED


@pytest.mark.parametrize("dtype", ["i8", "u8", "c8"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_pixels_that_cannot_be_shown(tmp_path: Path, dtype: str, zarr_format: int) -> None:
    folder = write_image(tmp_path / "a.zarr", CYX.astype(dtype), zarr_format=zarr_format)
    result = judge(folder)
    assert code(result) == UNSUPPORTED
    assert result.sentence.startswith("'a.zarr' has ")
    assert "which the image repository cannot show. Save " in result.sentence


@pytest.mark.parametrize(
    "changed",
    [{"dtype": "|O"}, {"dtype": [["a", "<u2"]]}, {"dtype": "<M8[s]"}, {"dtype": None}],
)
def test_strange_types_are_unsupported(tmp_path: Path, changed: dict[str, Any]) -> None:
    folder = write_image(tmp_path / "a.zarr", CYX)
    path = folder / "0" / ".zarray"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    assert code(judge(folder)) == UNSUPPORTED


@pytest.mark.parametrize(
    ("axes", "wanted"),
    [
        (["c", "y", "x"], FINE),
        (["angle", "y", "x"], UNSUPPORTED),
        (["q", "t", "c", "z", "y", "x"], UNSUPPORTED),
        (["y", "x"], DAMAGED),
    ],
)
def test_axes(tmp_path: Path, axes: list[str], wanted: tuple[Severity, str]) -> None:
    attributes = image_attributes("cyx", multiscales={"axes": axes})
    folder = write_image(tmp_path / "a.zarr", CYX, attributes=attributes)
    assert code(judge(folder)) == wanted


def test_an_image_without_pixels_is_empty(tmp_path: Path) -> None:
    folder = write_image(tmp_path / "a.zarr", CYX[:, :0], chunks=(1, 1, 1))
    assert code(judge(folder)) == (BLOCKED, "empty-file")


SHARDS = {
    "name": "sharding_indexed",
    "configuration": {
        "codecs": [{"name": "bytes"}, {"name": "martian"}],
        "index_codecs": [{"name": "crc32c"}],
    },
}


@pytest.mark.parametrize(
    ("zarr_format", "changed"),
    [
        (2, {"compressor": {"id": "martian"}}),
        (2, {"filters": [{"id": "delta"}, {"id": "martian"}]}),
        (3, {"codecs": [{"name": "bytes"}, {"name": "numcodecs.martian"}]}),
        (3, {"codecs": [SHARDS]}),
    ],
)
def test_codecs_that_nobody_knows_are_a_doubt(
    tmp_path: Path, zarr_format: int, changed: dict[str, Any]
) -> None:
    folder = write_image(tmp_path / "a.zarr", CYX, zarr_format=zarr_format)
    path = folder / "0" / (".zarray" if zarr_format == 2 else "zarr.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    result = judge(folder)
    assert code(result) == DOUBTFUL
    assert "packed by 'martian'" in result.sentence


def test_the_known_codecs_are_known_to_zarr() -> None:
    for name in zarr_integrity.KNOWN_CODECS:
        if name not in numcodecs.registry.codec_registry:
            assert get_codec_class(name)


@pytest.mark.parametrize("folder", ["cluster", "cluster.ZARR", "cluster.ome"])
def test_omero_knows_an_ome_zarr_by_its_path_only(tmp_path: Path, folder: str) -> None:
    write_image(tmp_path / folder, CYX)
    assert code(judge(tmp_path / folder)) == FINE
    result = judge(tmp_path / folder, target=OMERO)
    assert code(result) == NOT_PLACED
    assert f"Rename '{folder}' to 'cluster.ome.zarr', and import again." in result.sentence


def test_a_zarr_in_the_path_leads_omero_to_another_folder(tmp_path: Path) -> None:
    write_image(tmp_path / "day.zarr.d" / "a" / "cluster.zarr", CYX)
    result = judge(tmp_path / "day.zarr.d", target=OMERO)
    assert code(result) == NOT_PLACED
    assert "Rename 'day.zarr.d', or import 'cluster.zarr' alone." in result.sentence
    assert code(judge(tmp_path / "day.zarr.d" / "a" / "cluster.zarr", target=OMERO)) == FINE


def test_a_large_plate_does_not_hold_up_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_plate(tmp_path / "p.zarr", {f"A/{n}": [PLANE] for n in range(1, 4)})
    (folder / "A" / "3" / "0" / "0" / ".zarray").unlink()
    assert code(judge(folder)) == DAMAGED
    monkeypatch.setattr(zarr_integrity, "ZARR_BUDGET_S", 0.0)
    assert code(judge(folder)) == FINE
