"""Pixel sizes, channel names and dates, as the programs of microscopes write them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.support.local_images import Opener, opener
from tests.support.microscope_tiffs import write_lsm, write_stk, write_svs
from transferapp.repositories.local.readers.port import ImageHeader

__all__ = ["opener"]

_PIXELS = np.arange(64, dtype=np.uint8).reshape(8, 8)
_NONE = (None, None, None)
_SLIDE = np.full((128, 128, 3), 200, np.uint8)


def header(opener: Opener, path: Path, **options: Any) -> ImageHeader:
    tifffile.imwrite(path, _PIXELS, **options)
    return opener.only_image(path).header


def imagej(
    opener: Opener, path: Path, per_unit: tuple[float, float], text: str
) -> tuple[float | None, ...]:
    stated = f"ImageJ=1.54f\n{text}".encode()
    options = {"resolution": per_unit, "resolutionunit": 1, "description": stated}
    return header(opener, path, metadata=None, **options).pixel_size_um


@pytest.mark.parametrize(
    ("unit", "per_unit", "micrometres"),
    [
        ("um", 4, 0.25),
        ("µm", 4, 0.25),
        ("\\u00B5m", 4, 0.25),
        ("micron", 4, 0.25),
        ("microns", 4, 0.25),
        ("Micrometer", 4, 0.25),
        ("nm", 0.25, 0.004),
        ("nanometers", 0.25, 0.004),
        ("mm", 1000, 1.0),
        ("cm", 40_000, 0.25),
        ("inch", 25_400, 1.0),
        ("m", 1_000_000, 1.0),
        ("pixel", 4, None),
        ("pixels", 1, None),
        ("furlong", 4, None),
    ],
)
def test_imagej_units(
    opener: Opener, tmp_path: Path, unit: str, per_unit: float, micrometres: float | None
) -> None:
    text = f"images=1\nunit={unit}\nspacing=2\n"
    z, y, x = imagej(opener, tmp_path / "a.tif", (per_unit, per_unit), text)
    if micrometres is None:
        assert (z, y, x) == _NONE
        return
    # The distance of planes is in the same unit.
    wanted = (2 * micrometres * per_unit, micrometres, micrometres)
    assert (z, y, x) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("unit=um\nspacing=-0.5\n", (0.5, 0.5, 0.25)),
        ("unit=um\nspacing=0\n", (None, 0.5, 0.25)),
        ("unit=um\nspacing=NaN\n", (None, 0.5, 0.25)),
        ("unit=um\nyunit=nm\nzunit=mm\nspacing=2\n", (2000.0, 0.0005, 0.25)),
        ("unit=um\nzunit=sec\nspacing=2\n", (None, 0.5, 0.25)),
        # A resolution without a unit is a number.
        ("spacing=2\n", _NONE),
    ],
)
def test_imagej_axes(opener: Opener, tmp_path: Path, text: str, wanted: Any) -> None:
    found = imagej(opener, tmp_path / "a.tif", (4, 2), f"images=1\n{text}")
    assert found == tuple(None if size is None else pytest.approx(size) for size in wanted)


@pytest.mark.parametrize(
    ("per_unit", "unit", "wanted"),
    [
        (40_000, "centimeter", 0.25),
        (2_000, "centimeter", 5.0),
        (254_000, "inch", 0.1),
        # The camera's own pixels, without the objective.
        (1_550.39, "centimeter", None),
        # Paper, screens and scanners.
        (1, "centimeter", None),
        (1, "inch", None),
        (28.346457, "centimeter", None),
        (72, "inch", None),
        (96, "inch", None),
        (100, "inch", None),
        (150, "inch", None),
        (300, "inch", None),
        (118.11, "centimeter", None),
        (118, "centimeter", None),
        (600, "inch", None),
        (236, "centimeter", None),
        (1200, "inch", None),
        (472.441, "centimeter", None),
        (2400, "inch", None),
        (4800, "inch", None),
        (40_000, "none", None),
        (0, "centimeter", None),
    ],
)
def test_plain_resolution(
    opener: Opener, tmp_path: Path, per_unit: float, unit: Any, wanted: float | None
) -> None:
    options = {"resolution": (per_unit, per_unit), "resolutionunit": unit}
    found = header(opener, tmp_path / "a.tif", **options).pixel_size_um
    size = None if wanted is None else pytest.approx(wanted, rel=1e-4)
    assert list(found) == [None, size, size]


def test_a_size_in_one_direction_only_is_none(opener: Opener, tmp_path: Path) -> None:
    options: dict[str, Any] = {"resolution": (40_000, 28.35), "resolutionunit": "centimeter"}
    assert header(opener, tmp_path / "a.tif", **options).pixel_size_um == _NONE


def test_slide_knows_its_size_and_its_pictures_do_not(opener: Opener, tmp_path: Path) -> None:
    write_svs(tmp_path / "a.svs", _SLIDE, "AppMag = 20|MPP = 0.499|Date = 12/29/09")
    images = opener(tmp_path / "a.svs").images
    assert [image.header.pixel_size_um for image in images] == [
        (None, 0.499, 0.499),
        _NONE,
        _NONE,
    ]


def test_slide_with_a_size_that_is_none(opener: Opener, tmp_path: Path) -> None:
    write_svs(tmp_path / "a.svs", _SLIDE, "MPP = 0.4.9")
    assert opener(tmp_path / "a.svs").images[0].header.pixel_size_um == _NONE


@pytest.mark.parametrize(
    ("stated", "wanted"),
    [
        ("Date = 12/29/09|Time = 09:59:15", datetime(2009, 12, 29, 9, 59, 15, tzinfo=UTC)),
        ("Date = 03/05/2019|Time = 23:59:59", datetime(2019, 3, 5, 23, 59, 59, tzinfo=UTC)),
        (
            "Date = 03/05/19|Time = 10:00:00|Time Zone = GMT-04:00",
            datetime(2019, 3, 5, 14, 0, tzinfo=UTC),
        ),
        (
            "Date = 03/05/19|Time = 10:00:00|Time Zone = EST",
            datetime(2019, 3, 5, 10, tzinfo=UTC),
        ),
        ("Date = 31/31/19|Time = 10:00:00", None),
        ("Date = 12/29/09", None),
        ("AppMag = 20", None),
    ],
)
def test_date_of_a_slide(
    opener: Opener, tmp_path: Path, stated: str, wanted: datetime | None
) -> None:
    write_svs(tmp_path / "a.svs", _SLIDE, f"{stated}|MPP = 0.5")
    images = opener(tmp_path / "a.svs").images
    assert [image.header.acquired_at for image in images] == [wanted] * 3


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2010:03:05 12:08:52", datetime(2010, 3, 5, 12, 8, 52, tzinfo=UTC)),
        ("2010-03-05 12:08:52", datetime(2010, 3, 5, 12, 8, 52, tzinfo=UTC)),
        ("20100305 12:08:52", datetime(2010, 3, 5, 12, 8, 52, tzinfo=UTC)),
        ("2010-03-05T12:08:52+02:00", datetime(2010, 3, 5, 10, 8, 52, tzinfo=UTC)),
        ("0000:00:00 00:00:00", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("    :  :     :  :  ", None),
        ("yesterday", None),
        ("1904:01:01 00:00:00", None),
    ],
)
def test_date_of_a_plain_tiff(
    opener: Opener, tmp_path: Path, text: str, wanted: datetime | None
) -> None:
    tag = (306, 2, len(text) + 1, text, True)
    found = header(opener, tmp_path / "a.tif", extratags=[tag], metadata=None)
    assert found.acquired_at == wanted


def test_lsm(opener: Opener, tmp_path: Path) -> None:
    pixels = np.zeros((2, 1, 16, 16), np.uint8)
    write_lsm(tmp_path / "a.lsm", pixels, ["Ch1"], [(0, 255, 0)], ole_days=41353.75)
    found = opener.only_image(tmp_path / "a.lsm").header
    assert found.pixel_size_um == pytest.approx((2.0, 0.5, 0.25))
    # Days since 30 December 1899.
    assert found.acquired_at == datetime(2013, 3, 20, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize("days", [0.0, -1e9, 1e300, float("nan"), float("inf")])
def test_lsm_of_no_date(opener: Opener, tmp_path: Path, days: float) -> None:
    pixels = np.zeros((1, 1, 16, 16), np.uint8)
    write_lsm(tmp_path / "a.lsm", pixels, ["Ch1"], [(0, 255, 0)], ole_days=days)
    assert opener.only_image(tmp_path / "a.lsm").header.acquired_at is None


def test_metamorph_stack(opener: Opener, tmp_path: Path) -> None:
    write_stk(tmp_path / "a.stk", np.zeros((3, 8, 8), np.uint16), "Cy5", 0.645)
    found = opener.only_image(tmp_path / "a.stk").header
    assert found.pixel_size_um == pytest.approx((1.5, 0.645, 0.645))
    assert [hint.name for hint in found.channels] == ["Cy5"]
    assert found.acquired_at == datetime(2020, 2, 1, 10, 0, tzinfo=UTC)


def test_metamorph_units(opener: Opener, tmp_path: Path) -> None:
    pixels = np.zeros((1, 8, 8), np.uint16)
    for unit, wanted in (("nm", (None, 0.25, 0.25)), ("pixels", _NONE)):
        path = tmp_path / f"{unit}.stk"
        write_stk(path, pixels, "w1", 250.0, unit)
        found = opener.only_image(path).header.pixel_size_um
        assert found == (pytest.approx(wanted) if wanted != _NONE else _NONE)


def test_metamorph_of_today(opener: Opener, tmp_path: Path) -> None:
    stated = (
        '<MetaData><PlaneInfo><prop id="spatial-calibration-state" type="bool" value="on"/>'
        '<prop id="spatial-calibration-x" type="float" value="0.325"/>'
        '<prop id="spatial-calibration-y" type="float" value="0.325"/>'
        '<prop id="spatial-calibration-units" type="string" value="um"/>'
        '<prop id="image-name" type="string" value="GFP"/>'
        '<prop id="acquisition-time-local" type="time" value="20190305 10:11:12.5"/>'
        "</PlaneInfo></MetaData>"
    )
    path = tmp_path / "a.tif"
    found = header(opener, path, description=stated, software="MetaSeries", metadata=None)
    assert found.pixel_size_um == (None, 0.325, 0.325)
    assert [hint.name for hint in found.channels] == ["GFP"]
    assert found.acquired_at == datetime(2019, 3, 5, 10, 11, 12, 500_000, tzinfo=UTC)


def test_metamorph_of_today_in_pieces(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    stated = "<MetaData><PlaneInfo></MetaData>"
    found = header(opener, path, description=stated, software="MetaSeries", metadata=None)
    assert (found.pixel_size_um, found.acquired_at) == (_NONE, None)


_RAMP = np.arange(256, dtype=np.uint8)
_DARK = np.zeros(256, np.uint8)


@pytest.mark.parametrize(
    ("tables", "wanted"),
    [
        ([(_RAMP, _DARK, _RAMP), (_DARK, _RAMP, _DARK)], ["FF00FF", "00FF00"]),
        ([(_RAMP, _RAMP, _RAMP), (_DARK, _RAMP, _DARK)], ["FFFFFF", "00FF00"]),
        ([(_RAMP, _RAMP, _RAMP), (_RAMP, _RAMP, _RAMP)], [None, None]),
    ],
)
def test_imagej_colours(
    opener: Opener, tmp_path: Path, tables: list[Any], wanted: list[str | None]
) -> None:
    tables = [np.stack(table) for table in tables]
    tifffile.imwrite(
        tmp_path / "a.tif",
        np.zeros((2, 8, 8), np.uint16),
        imagej=True,
        metadata={"axes": "CYX", "mode": "composite", "LUTs": tables},
    )
    hints = opener.only_image(tmp_path / "a.tif").header.channels
    assert [hint.color for hint in hints] == wanted
