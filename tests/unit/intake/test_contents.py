"""Files whose names tell nothing, or something else than their content."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.file_sets import only_set, touched_tiff
from tests.support.png_files import write_png
from tests.support.volume_files import write_hdf5, write_ics, write_lif, write_mrc, write_nifti
from transferapp.formats.omero import omero_formats
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity, preflight

LOCAL = PreflightSettings(still_writing_s=0)
OMERO = PreflightSettings(still_writing_s=0, target=omero_formats())


def judged(path: Path, settings: PreflightSettings = OMERO) -> PreflightResult:
    return preflight(only_set(path), settings)


@pytest.mark.parametrize("name", ["image1", "image.1", "a.xyz"])
@pytest.mark.parametrize("settings", [LOCAL, OMERO])
def test_tiff_without_its_suffix_is_reported_by_content(
    tmp_path: Path, name: str, settings: PreflightSettings
) -> None:
    result = judged(touched_tiff(tmp_path / name), settings)
    assert (result.level, result.what) == (Severity.OK, "TIFF, 1 file")


def test_notes_are_not_taken_for_images(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Cells grew well.")
    assert judged(tmp_path / "notes.txt").code == "unsupported-file"


def test_an_image_that_is_called_notes(tmp_path: Path) -> None:
    """Bio-Formats 7.3.1 reads a TIFF by its content, whatever it is called."""
    path = touched_tiff(tmp_path / "notes.txt")
    assert judged(path).level is Severity.OK


def test_a_wrong_name_is_reported_where_bio_formats_reads_it(tmp_path: Path) -> None:
    """Bio-Formats 7.3.1 read ``y.tif``, which was PNG, with APNGReader."""
    path = write_png(tmp_path / "y.tif", np.zeros((4, 4), np.uint8), 0, 8)
    assert judged(path).level is Severity.WARNING
    assert judged(path).sentence.startswith("'y.tif' is a PNG file by its content")
    assert judged(path, LOCAL).code == "damaged-file"


def test_a_suffix_that_is_enough_for_bio_formats_is_refused(tmp_path: Path) -> None:
    """7.3.1 refused a TIFF that was called ``x.png``."""
    assert judged(touched_tiff(tmp_path / "x.png")).code == "damaged-file"


def test_formats_of_bio_formats_are_refused_by_name_elsewhere(tmp_path: Path) -> None:
    write_nifti(tmp_path / "a.nii")
    result = judged(tmp_path / "a.nii", LOCAL)
    assert result.blocked
    assert result.sentence.startswith("The embedded repository does not read NIfTI. Export")


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.mrc", write_mrc),
        ("a.nii", write_nifti),
        ("a.lif", write_lif),
        ("a.ims", write_hdf5),
        ("a.ch5", write_hdf5),
        ("a.mnc", write_hdf5),
    ],
)
def test_files_that_are_cut_off_are_reported(
    tmp_path: Path, name: str, make: Callable[[Path], None]
) -> None:
    path = tmp_path / name
    make(path)
    assert not judged(path).blocked
    path.write_bytes(path.read_bytes()[:-1])
    assert judged(path).code == "damaged-file"


def test_bmp_and_its_kin_are_measured(tmp_path: Path) -> None:
    head = b"BM" + (54 + 64).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    head += (40).to_bytes(4, "little") + (4).to_bytes(4, "little") * 2
    head += b"\1\0\x20\0" + bytes(24)
    for name, content in {
        "a.bmp": head + bytes(64),
        "a.pgm": b"P5\n# a note\n6 5\n255\n" + bytes(30),
        "a.avi": b"RIFF" + (4).to_bytes(4, "little") + b"AVI ",
    }.items():
        (tmp_path / name).write_bytes(content)
        assert not judged(tmp_path / name).blocked
        (tmp_path / name).write_bytes(content[:-1])
        assert judged(tmp_path / name).code == "damaged-file"


def test_a_lone_index_is_no_image(tmp_path: Path) -> None:
    write_ics(tmp_path, pixels=None)
    assert judged(tmp_path / "a.ics").code == "missing-companion"


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_nifti_2_is_reported(tmp_path: Path, name: str) -> None:
    """7.3.1 refuses it."""
    content = (540).to_bytes(4, "little") + b"n+2\0\r\n\x1a\n" + bytes(600)
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert "is NIfTI-2" in judged(path).sentence


def test_a_map_of_another_program_is_reported(tmp_path: Path) -> None:
    (tmp_path / "app.js.map").write_text('{"version": 3, "sources": []}' * 99)
    assert "no header of MRC" in judged(tmp_path / "app.js.map").sentence


def test_boxes_of_jpeg_2000_are_followed(tmp_path: Path) -> None:
    boxes = b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\x14ftypjp2 \0\0\0\0jp2 "
    boxes += b"\0\0\0\x10jp2c" + bytes(8)
    path = tmp_path / "a.jp2"
    path.write_bytes(boxes)
    assert not judged(path).blocked
    path.write_bytes(boxes[:-1])
    assert judged(path).code == "damaged-file"
