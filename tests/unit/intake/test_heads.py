"""The quick look at many files says of none what the exact look would not say."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.many_tiffs import other, simple, spoilt
from transferapp.intake.judging import Judged, in_order, judge
from transferapp.intake.omexml import read_tiff
from transferapp.intake.preflight import PreflightSettings, preflight
from transferapp.intake.scanning import scan

LONG_AGO = 1_700_000_000


def picture(suffix: str) -> bytes:
    """Return a PNG or JPEG that is longer than what is read of it first."""
    made = BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (80, 80), dtype=np.uint8)
    Image.fromarray(noise).save(made, "PNG" if suffix == ".png" else "JPEG", quality=95)
    return made.getvalue()


def put(folder: Path, files: Iterable[bytes], suffix: str = ".tif") -> None:
    """Write files that have rested for long."""
    folder.mkdir(exist_ok=True)
    for number, content in enumerate(files):
        path = folder / f"f{number:05}{suffix}"
        path.write_bytes(content)
        os.utime(path, (LONG_AGO, LONG_AGO))


def judged(folder: Path, settings: PreflightSettings | None = None) -> list[Judged]:
    return in_order([one for some in judge(scan([folder]), settings) for one in some])


def assert_as_exact(folder: Path, settings: PreflightSettings | None = None) -> int:
    """Compare each verdict with the exact one; return how many were found sound at once."""
    sound = 0
    for candidate, verdict in judged(folder, settings):
        assert verdict == preflight(replace(candidate, sound=False), settings)
        if candidate.sound:
            assert read_tiff(candidate.files[0].path) is None
        sound += candidate.sound
    return sound


@pytest.mark.parametrize("name", simple())
def test_ordinary_tiffs_are_known_at_once(tmp_path: Path, name: str) -> None:
    put(tmp_path / "d", [simple()[name]])
    assert assert_as_exact(tmp_path / "d") == 1


@pytest.mark.parametrize("name", other())
def test_other_tiffs_are_looked_at_one_by_one(tmp_path: Path, name: str) -> None:
    put(tmp_path / "d", [other()[name]])
    assert assert_as_exact(tmp_path / "d") == 0


def test_spoilt_tiffs_have_the_exact_verdict(tmp_path: Path) -> None:
    files = list(spoilt())
    put(tmp_path / "d", files)
    for settings in (PreflightSettings(), PreflightSettings(bio_formats=True)):
        assert 0 < assert_as_exact(tmp_path / "d", settings) < len(files)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".ome.tif", ".tiff", ".TIF"])
def test_cut_pictures_have_the_exact_verdict(tmp_path: Path, suffix: str) -> None:
    source = simple()["plain"] if "tif" in suffix.lower() else picture(suffix)
    put(tmp_path / "d", [source[:length] for length in range(len(source) + 1)][-600:], suffix)
    assert assert_as_exact(tmp_path / "d") > 0
