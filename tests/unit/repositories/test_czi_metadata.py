"""What a CZI's metadata say of its images."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.czi_files import Tile, plane, write_czi
from tests.support.local_images import Opener, opener

__all__ = ["opener"]

pytest.importorskip("pylibCZIrw.czi", reason="needs the extra 'readers'")

CHANNELS = """
<Information><Image><Dimensions><Channels>
  <Channel Id="Channel:4" Name="DAPI"><Color>#FF0000FF</Color></Channel>
  <Channel Id="Channel:2" Name="EGFP"><Color>#FF00FF00</Color></Channel>
  <Channel Id="Channel:7" Name="TL"/>
</Channels></Dimensions></Image></Information>
<DisplaySetting><Channels>
  <Channel Id="Channel:2" Name="EGFP-T1"><Color>#FF00FF5B</Color>
    <Low>0.1</Low><High>0.5</High></Channel>
  <Channel Id="Channel:4"><Low>0</Low><High>1</High></Channel>
</Channels></DisplaySetting>
"""


def test_scenes_are_called_by_well_and_name(opener: Opener, tmp_path: Path) -> None:
    scenes = """<Information><Image><Dimensions><S><Scenes>
      <Scene Index="1" Name="P2"><Shape Name="B3"/></Scene>
      <Scene Index="0" Name="P1"/>
    </Scenes></S></Dimensions></Image></Information>"""
    tiles = [Tile(plane(s), {"S": s}, x=100 * s) for s in range(2)]
    images = opener(write_czi(tmp_path / "a.czi", tiles, scenes)).images
    assert [image.header.name for image in images] == ["P1", "B3 P2"]


def test_names_colours_and_windows(opener: Opener, tmp_path: Path) -> None:
    tiles = [Tile(plane(c), {"C": c}) for c in range(3)]
    image = opener.only_image(write_czi(tmp_path / "a.czi", tiles, CHANNELS))
    dapi, egfp, light = image.header.channels
    # How a channel is shown is found by its id, not by its place.
    assert (dapi.name, dapi.color, dapi.window) == ("DAPI", "0000FF", None)
    assert (egfp.name, egfp.color) == ("EGFP-T1", "00FF5B")
    assert egfp.window == pytest.approx((6553.5, 32767.5))
    assert (light.name, light.color, light.window) == ("TL", None, None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2019-12-07T00:34:54.3773097Z", datetime(2019, 12, 7, 0, 34, 54, 377309, UTC)),
        ("2019-12-07T02:34:54+02:00", datetime(2019, 12, 7, 0, 34, 54, tzinfo=UTC)),
        ("2019-12-07T00:34:54", datetime(2019, 12, 7, 0, 34, 54, tzinfo=UTC)),
        ("0001-01-01T00:00:00+01:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(opener: Opener, tmp_path: Path, text: str, wanted: datetime | None) -> None:
    xml = f"""<Information>
      <Image><AcquisitionDateAndTime>{text}</AcquisitionDateAndTime></Image>
      <Document><CreationDate>2021-01-01T00:00:00Z</CreationDate></Document>
    </Information>"""
    image = opener.only_image(write_czi(tmp_path / "a.czi", [Tile(plane(1))], xml))
    assert image.header.acquired_at == wanted


def test_sizes_are_in_micrometres_or_unknown(opener: Opener, tmp_path: Path) -> None:
    items = "".join(
        f'<Distance Id="{axis}"><Value>{value}</Value></Distance>'
        for axis, value in (("X", "2.5E-07"), ("Y", "0"), ("Z", "NaN"))
    )
    xml = f"<Scaling><Items>{items}</Items></Scaling>"
    image = opener.only_image(write_czi(tmp_path / "a.czi", [Tile(plane(1))], xml))
    z, y, x = image.header.pixel_size_um
    assert (z, y) == (None, None)
    assert x == pytest.approx(0.25)
