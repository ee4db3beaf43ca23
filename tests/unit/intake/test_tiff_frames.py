"""TIFFs of which tifffile hands out frames for pages: nothing blocks or shortens them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.support.local_images import Opener, opener
from tests.support.microscope_tiffs import write_lsm
from transferapp.intake import tiff_shown
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan
from transferapp.model.images import TileRegion

__all__ = ["opener"]


class Later:
    """A clock an hour ahead, so that fresh test files count as old."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=1)


def judge(path: Path) -> PreflightResult:
    (candidate,) = group(scan([path]))
    return preflight(candidate, PreflightSettings(), Later())


@pytest.mark.parametrize("compression", [None, "lzw"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_compressed_lsm_is_imported(
    opener: Opener, tmp_path: Path, compression: str | None, channels: int
) -> None:
    pixels: Any = np.random.default_rng(1).integers(0, 200, (5, channels, 40, 48), np.uint8)
    path = tmp_path / "a.lsm"
    names = [f"Ch{n}" for n in range(channels)]
    write_lsm(path, pixels, names, [(0, 0, 255)] * channels, compression=compression)
    assert judge(path).level is Severity.OK
    image = opener.only_image(path)
    image.check()
    for z in range(5):
        for c in range(channels):
            plane = image.read(TileRegion(0, 0, c, z, 0, 0, 40, 48))
            np.testing.assert_array_equal(plane, pixels[z, c])


SCANIMAGE_3 = "state.configPath='C:'\rstate.acq.numberOfFrames=12\rstate.acq.frameRate=2.0\r"
SCANIMAGE_5 = (
    "SI.VERSION_MAJOR = 2022\nSI.hChannels.channelSave = [1;2]\nSI.hFastZ.enable = false\n"
)


@pytest.mark.parametrize(
    "stated", [{"description": SCANIMAGE_3}, {"software": SCANIMAGE_5, "description": "n = 1"}]
)
@pytest.mark.parametrize("count", [3, 6, 12])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_all_pages_of_scanimage_are_shown(
    opener: Opener, tmp_path: Path, stated: dict[str, Any], count: int, bigtiff: bool
) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, bigtiff=bigtiff) as out:
        for n in range(count):
            pixels = np.full((20, 30), n, np.int16)
            out.write(pixels, metadata=None, contiguous=False, **stated)
    assert judge(path).level is Severity.OK
    image = opener.only_image(path)
    image.check()
    found = [
        int(image.read(TileRegion(0, t, c, z, 0, 0, 20, 30))[0, 0])
        for t in range(image.header.size_t)
        for c in range(image.header.size_c)
        for z in range(image.header.size_z)
    ]
    assert sorted(found) == list(range(count))


def test_our_own_slips_are_not_taken_for_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tif"
    # With a description that is read: of a simple file the quick scan has seen enough.
    tifffile.imwrite(path, np.ones((8, 8), np.uint8), description="spacing=1")

    class Forgetful:
        """Stands for a slip: it lacks what the look asks it for."""

    monkeypatch.setattr(tiff_shown, "EMBEDDED", Forgetful())
    with pytest.raises(TypeError):
        judge(path)


def test_damaged_bytes_never_scan_like_our_own_slips(tmp_path: Path) -> None:
    """Whatever bytes are wrong, preflight answers; it raises only for slips of ours."""
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as out:
        for n in range(3):
            out.write(np.full((8, 8), n, np.uint16), metadata=None, contiguous=False)
    whole = path.read_bytes()
    chance = np.random.default_rng(8)
    for _ in range(200):
        content = bytearray(whole)
        for _ in range(chance.choice((1, 2, 8))):
            content[chance.integers(len(content))] = int(chance.choice((0, 1, 2, 5, 16, 255)))
        path.write_bytes(content)
        judge(path)
