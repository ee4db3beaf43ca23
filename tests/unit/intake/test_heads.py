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
from transferapp.errors import ChangedFile
from transferapp.formats.embedded import PNG, TIFF, embedded_formats
from transferapp.formats.image_format import ImageFormat
from transferapp.formats.omero import omero_formats
from transferapp.host.clock import SystemClock
from transferapp.intake import heads
from transferapp.intake.folder_sets import BATCH
from transferapp.intake.grouping import group
from transferapp.intake.judging import Judged, apart, in_order, judge
from transferapp.intake.name_kinds import NameKinds
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
    for candidate, result in judged(folder, settings):
        assert result == preflight(replace(candidate, sound=False), settings)
        if candidate.sound:
            assert read_tiff(candidate.files[0].path) is None
        sound += candidate.sound
    return sound


#: Bio-Formats, and so OMERO, shows other files wrongly than the embedded repository does.
BOTH = (PreflightSettings(), PreflightSettings(target=omero_formats()))


@pytest.mark.parametrize("settings", BOTH)
@pytest.mark.parametrize("name", simple())
def test_ordinary_tiffs_are_known_at_once(
    tmp_path: Path, name: str, settings: PreflightSettings
) -> None:
    put(tmp_path / "d", [simple()[name]])
    assert assert_as_exact(tmp_path / "d", settings) == 1


@pytest.mark.parametrize("settings", BOTH)
@pytest.mark.parametrize("name", other())
def test_other_tiffs_are_scanned_at_one_by_one(
    tmp_path: Path, name: str, settings: PreflightSettings
) -> None:
    put(tmp_path / "d", [other()[name]])
    assert assert_as_exact(tmp_path / "d", settings) == 0


def test_many_and_few_are_judged_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [*simple().values(), *other().values(), *spoilt()]
    whole = simple()["plain"]
    files += [whole[:length] for length in range(len(whole) - 600, len(whole))]
    put(tmp_path / "d", files)
    asked = [
        (file, NameKinds([]).ask(file.client_path, file.name))
        for file in scan([tmp_path / "d"]).files
    ]
    monkeypatch.setattr(heads, "FEW", 0)
    together = heads.Heads(BATCH).sound(asked)
    monkeypatch.setattr(heads, "FEW", len(files))
    assert heads.Heads(BATCH).sound(asked) == together
    assert 0 < sum(together) < len(files)


def test_new_files_that_are_sound_are_not_opened_again(tmp_path: Path) -> None:
    put(tmp_path / "d", [simple()["plain"], *other().values()])
    settings = PreflightSettings()
    new = SystemClock().now().timestamp() - settings.still_writing_s - 5
    for path in (tmp_path / "d").iterdir():
        os.utime(path, (new, new))
    assert assert_as_exact(tmp_path / "d", settings) == 1
    (sound, _), *_ = judged(tmp_path / "d", settings)
    with sound.files[0].path.open("ab") as changed:
        changed.write(b"more")
    assert preflight(sound, settings).code == ChangedFile.code


def test_spoilt_tiffs_have_the_exact_result(tmp_path: Path) -> None:
    files = list(spoilt())
    put(tmp_path / "d", files)
    for settings in BOTH:
        assert 0 < assert_as_exact(tmp_path / "d", settings) < len(files)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".ome.tif", ".tiff", ".TIF"])
def test_cut_pictures_have_the_exact_result(tmp_path: Path, suffix: str) -> None:
    source = simple()["plain"] if "tif" in suffix.lower() else picture(suffix)
    put(tmp_path / "d", [source[:length] for length in range(len(source) + 1)][-600:], suffix)
    assert assert_as_exact(tmp_path / "d") > 0


def frame(data: bytes, marker: int, bits: int) -> bytes:
    """Give a JPEG's frame another marker, and bits of each sample."""
    at = data.index(b"\xff\xc0")
    return (
        data[: at + 1]
        + bytes([marker])
        + data[at + 2 : at + 4]
        + bytes([bits])
        + data[at + 5 :]
    )


def test_pictures_that_are_not_shown_everywhere(tmp_path: Path) -> None:
    plain = picture(".jpg")
    frames = [frame(plain, marker, bits) for marker in range(0xC0, 0xFF) for bits in (8, 12)]
    put(tmp_path / "jpeg", [plain, *frames], ".jpg")
    made = BytesIO()
    several = [Image.new("L", (9, 9), shade) for shade in (1, 2, 3)]
    several[0].save(made, "PNG", save_all=True, append_images=several[1:])
    text = picture(".png")[:33] + b"\0\0\0\4tEXtIDAT\0\0\0\0" + made.getvalue()[33:]
    put(tmp_path / "png", [picture(".png"), made.getvalue(), text], ".png")
    for settings in BOTH:
        assert 0 < assert_as_exact(tmp_path / "jpeg", settings) < 9
        assert assert_as_exact(tmp_path / "png", settings) == 1


@pytest.mark.parametrize("missing", [PNG, TIFF])
def test_what_the_target_does_not_read_is_not_fine(
    tmp_path: Path, missing: ImageFormat
) -> None:
    settings = PreflightSettings(target=embedded_formats(missing=[missing]))
    put(tmp_path / "d", [picture(".png")], ".png")
    put(tmp_path / "d", [simple()["plain"]], ".tif")
    assert_as_exact(tmp_path / "d", settings)
    assert [result.blocked for _, result in judged(tmp_path / "d", settings)].count(True) == 1


def test_notes_are_reported_apart_by_their_results(tmp_path: Path) -> None:
    put(tmp_path / "d", [b"a note"], ".txt")
    put(tmp_path / "d", [simple()["plain"]], ".tif")
    put(tmp_path / "d", [b"what is this?"], "")
    put(tmp_path / "d", [simple()["plain"]], ".unknown")
    for settings in BOTH:
        found = apart(judged(tmp_path / "d", settings))
        exact = {
            made.name
            for made in group(scan([tmp_path / "d"]))
            if preflight(made, settings).unknown
        }
        assert {made.name for made, _ in found.others} == exact
        assert len(exact) == 2
