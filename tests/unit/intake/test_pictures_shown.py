"""What no image repository can show of a JPEG or PNG is told before the upload."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from tests.support.local_images import Opener, opener
from transferapp.errors import UnsupportedFile
from transferapp.formats.omero import omero_formats
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan

__all__ = ["opener"]

RAMP: Any = (np.add.outer(np.arange(40), np.arange(50)) * 2).astype(np.uint8)


class Later:
    """A clock an hour ahead, so that fresh test files count as old."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=1)


def judge(path: Path, **settings: Any) -> PreflightResult:
    (candidate,) = group(scan([path]))
    return preflight(candidate, PreflightSettings(**settings), Later())


def jpeg_of(kind: str) -> bytes:
    if kind == "lossless":
        return bytes(imagecodecs.ljpeg_encode(RAMP.astype(np.uint16), bitspersample=16))
    if kind == "JPEG-LS":
        return bytes(imagecodecs.jpegls_encode(RAMP))
    return bytes(imagecodecs.jpeg8_encode(RAMP.astype(np.uint16) * 8, bitspersample=12))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("lossless", "'a.jpg' is lossless JPEG, which"),
        ("JPEG-LS", "'a.jpg' is JPEG-LS, which"),
        ("12 bits", "'a.jpg' is JPEG of 12 bits, which"),
    ],
)
def test_kinds_of_jpeg_that_nobody_shows(
    opener: Opener, tmp_path: Path, kind: str, text: str
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg_of(kind))
    for result in (judge(path), judge(path, target=omero_formats())):
        assert (result.level, result.code) == (Severity.BLOCKED, "unsupported-file")
        assert text in result.sentence
        assert "TIFF or PNG" in result.sentence
    # Whoever uploads all the same reads the same words, and none of damage.
    with pytest.raises(UnsupportedFile, match=kind):
        opener(path)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 100}])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_the_usual_jpeg_is_shown(tmp_path: Path, mode: str, options: dict[str, Any]) -> None:
    exif = Image.Exif()
    exif[274] = 1
    Image.fromarray(RAMP).convert(mode).save(tmp_path / "a.jpg", exif=exif, **options)
    assert judge(tmp_path / "a.jpg").level is Severity.OK


def test_an_animation_is_reported_where_only_its_first_frame_is_shown(tmp_path: Path) -> None:
    frames = [Image.fromarray(pixels) for pixels in (RAMP, 255 - RAMP)]
    frames[0].save(tmp_path / "a.png", save_all=True, append_images=frames[1:])
    result = judge(tmp_path / "a.png")
    assert (result.level, result.code) == (Severity.WARNING, "")
    assert "an animation of 2 frames, of which only the first is shown" in result.sentence
    # Bio-Formats 7.3.1 reads both, as T.
    assert judge(tmp_path / "a.png", target=omero_formats()).level is Severity.OK
    frames[0].save(tmp_path / "b.png")
    assert judge(tmp_path / "b.png").level is Severity.OK
