"""Olympus OIB and OIF, made in code."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tests.support.fluoview_files import write_oib, write_oif
from tests.support.local_images import Opener, opener
from tests.support.ole_files import write_ole
from tests.support.reader_planes import planes_of
from tests.support.vendor_files import Numbers, numbers
from transferapp.errors import DamagedFile, MissingCompanion, UnsupportedFile
from transferapp.model.images import TileRegion
from transferapp.repositories.local.readers.port import ReadImage

__all__ = ["opener"]

pytest.importorskip("olefile", reason="needs the extra 'readers'")


@pytest.fixture(params=["oib", "oif"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def read(opener: Opener, folder: Path, kind: str, planes: Numbers, letters: str) -> ReadImage:
    write = write_oib if kind == "oib" else write_oif
    return opener.only_image(write(folder / f"a.{kind}", planes, letters)[0])


def test_channels(opener: Opener, tmp_path: Path, kind: str) -> None:
    written = numbers((2, 20, 30), "<u2")
    image = read(opener, tmp_path, kind, written, "C")
    header = image.header
    assert [hint.name for hint in header.channels] == ["CH1", "CH2"]
    assert header.pixel_size_um == (None, 0.25, 0.25)
    assert header.acquired_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert np.array_equal(planes_of(image)[0, :, 0], written)
    part = image.read(TileRegion(0, 0, 1, 0, 3, 5, 11, 13))
    assert np.array_equal(part, written[1, 3:14, 5:18])


@pytest.mark.parametrize(("letters", "axes"), [("TZC", (0, 2, 1)), ("CZT", (2, 0, 1))])
def test_slices_and_times(
    opener: Opener, tmp_path: Path, kind: str, letters: str, axes: tuple[int, int, int]
) -> None:
    written = numbers((2, 3, 4, 20, 30), "<u2")
    image = read(opener, tmp_path, kind, written, letters)
    # Positions are in nanometres.
    assert image.header.pixel_size_um == pytest.approx((0.7, 0.25, 0.25))
    assert np.array_equal(planes_of(image), np.transpose(written, (*axes, 3, 4)))


def test_an_image_that_is_missing_is_reported(opener: Opener, tmp_path: Path) -> None:
    first, *_ = write_oif(tmp_path / "a.oif", numbers((2, 2, 20, 30), "<u2"), "CZ")
    (tmp_path / "a.oif.files" / "s_C001Z002.tif").unlink()
    with pytest.raises(MissingCompanion, match=r"a\.oif\.files"):
        opener(first)


def test_an_oif_without_its_folder_is_reported(opener: Opener, tmp_path: Path) -> None:
    first, *_ = write_oif(tmp_path / "a.oif", numbers((2, 20, 30), "<u2"))
    (tmp_path / "a.oif.files").rename(tmp_path / "other")
    with pytest.raises(MissingCompanion, match=r"a\.oif\.files"):
        opener(first)


def test_an_axis_that_is_not_known_is_refused(opener: Opener, tmp_path: Path) -> None:
    first, *_ = write_oif(tmp_path / "a.oif", numbers((1, 20, 30), "<u2"))
    folder = tmp_path / "a.oif.files"
    (folder / "s_C001.tif").rename(folder / "s_C001L001.tif")
    with pytest.raises(UnsupportedFile, match=r"not read here \(L\)"):
        opener(first)


def test_a_plane_that_is_cut_off_is_damage(opener: Opener, tmp_path: Path) -> None:
    first, *_ = write_oif(tmp_path / "a.oif", numbers((2, 20, 30), "<u2"))
    last = tmp_path / "a.oif.files" / "s_C002.tif"
    last.write_bytes(last.read_bytes()[:-500])
    with pytest.raises(DamagedFile, match=r"a\.oif"):
        opener.only_image(first)


def test_planes_of_two_sizes_are_damage(opener: Opener, tmp_path: Path) -> None:
    first, *_ = write_oif(tmp_path / "a.oif", numbers((2, 20, 30), "<u2"))
    write_oif(tmp_path / "b.oif", numbers((2, 20, 31), "<u2"))
    name = "s_C002.tif"
    (tmp_path / "b.oif.files" / name).replace(tmp_path / "a.oif.files" / name)
    with pytest.raises(DamagedFile, match="not of one size"):
        opener.only_image(first)


@pytest.mark.parametrize("keep", [0.02, 0.3, 0.9])
def test_an_oib_that_was_cut_short_is_damaged(
    opener: Opener, tmp_path: Path, keep: float
) -> None:
    [path] = write_oib(tmp_path / "cut.oib", numbers((2, 64, 64), "<u2"))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    with pytest.raises(DamagedFile, match=r"cut\.oib") as caught:
        opener.only_image(path)
    assert str(tmp_path) not in caught.value.message


@pytest.mark.timeout(20)
def test_a_chain_of_sectors_in_a_circle_ends(opener: Opener, tmp_path: Path) -> None:
    [path] = write_oib(tmp_path / "a.oib", numbers((2, 64, 64), "<u2"))
    content = bytearray(path.read_bytes())
    (tables,) = (int.from_bytes(content[76:80], "little"),)
    at = (tables + 1) * 512
    count = len(content) - at
    # Each sector of the table names the first one for its next.
    content[at:] = bytes(4) * (count // 4)
    path.write_bytes(bytes(content))
    with pytest.raises(DamagedFile, match=r"a\.oib"):
        opener.only_image(path)


def test_other_compound_files_are_damage(opener: Opener, tmp_path: Path) -> None:
    write_ole(tmp_path / "a.oib", {"WordDocument": b"letter"})
    with pytest.raises(DamagedFile, match=r"a\.oib"):
        opener(tmp_path / "a.oib")


def test_text_that_is_no_setting_is_damage(opener: Opener, tmp_path: Path) -> None:
    (tmp_path / "a.oif").write_bytes(b"\xff\xfe[\0x\0")
    with pytest.raises(DamagedFile, match=r"a\.oif"):
        opener(tmp_path / "a.oif")
