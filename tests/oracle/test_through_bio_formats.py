"""What the embedded repository reads through Bio-Formats is what Bio-Formats answers, also
where a reader of ours would go first.

Both ends are Bio-Formats; between them are our process, our reader and our idea of its types.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.oracle.answers import Picture, of_bio_formats, without_middle
from tests.oracle.bio_formats import BioFormats
from tests.oracle.ours import picture_of
from tests.oracle.places import Place, places as all_places
from tests.support import vendor_files
from tests.support.bio_formats_here import bio_formats as through, places
from tests.support.fluoview_files import write_oib
from tests.support.vendor_files import numbers
from transferapp.bioformats.process import BioFormatsProcess
from transferapp.repositories.local.readers import bio_formats as reader
from transferapp.repositories.local.readers.choose import open_fileset
from transferapp.repositories.local.readers.colour import rgb_channels

__all__ = ["places", "through"]

pytestmark = [pytest.mark.oracle, pytest.mark.timeout(600)]

_GREY = numbers((2, 3, 36, 48), "<u2")
#: Name of the file -> what makes it.
_MADE: dict[str, Callable[[Path], object]] = {
    "little.ics": lambda path: vendor_files.write_ics(path, _GREY),
    "big.ics": lambda path: vendor_files.write_ics(path, numbers((2, 3, 5, 7), ">i2")),
    "int32.ics": lambda path: vendor_files.write_ics(path, numbers((1, 1, 5, 7), "<i4")),
    "float.ics": lambda path: vendor_files.write_ics(
        path, numbers((1, 1, 5, 7), "<f8"), is_pair=False
    ),
    "grey.dcm": lambda path: vendor_files.write_dicom(path, numbers((36, 48), "<i2")),
    "colours.dcm": lambda path: vendor_files.write_dicom(path, numbers((6, 8, 3), "u1")),
    "x.oib": lambda path: write_oib(path, numbers((2, 20, 30), "<u2")),
    "x.mrc": lambda path: vendor_files.write_mrc(path, numbers((3, 5, 7), ">i2")),
    "x.lif": lambda path: vendor_files.write_lif(path, {"a": _GREY, "b": _GREY[:1, :1]}),
    "Index.idx.xml": lambda path: vendor_files.write_operetta(
        path.parent, {(1, 2, field, 1): numbers((8, 9), "u2") for field in (1, 2)}
    ),
    "exp.nd": lambda path: vendor_files.write_metamorph(path.parent, [_GREY[0, 0]] * 2),
}
_LIGHTS = {hint.name for hint in rgb_channels("u1", alpha=True)}


def _comparable(picture: Picture) -> Picture:
    """Leave out that ours names the channels of colours, and knows no lengths in pixels
    (docs/formats.md).
    """
    lengths = tuple(None if isinstance(one, str) else one for one in picture.pixel_size)
    picture = replace(picture, pixel_size=lengths)
    if not _LIGHTS & set(picture.names):
        return picture
    nothing: tuple[None, ...] = (None,) * len(picture.names)
    return replace(picture, names=("",) * len(picture.names), colours=nothing)


def _read(first: Path, root: Path, through: BioFormatsProcess) -> tuple[Picture, ...]:
    """Return what is read through Bio-Formats, also where ours would read it."""
    with closing(open_fileset(first, root, through, reader.NAME)) as fileset:
        return tuple(_comparable(picture_of(image)) for image in fileset.images)


@pytest.mark.parametrize("name", _MADE)
def test_made_files_agree(
    name: str, through: BioFormatsProcess, bio_formats: BioFormats, tmp_path: Path
) -> None:
    _MADE[name](tmp_path / name)
    [theirs] = bio_formats.ask(tmp_path).sets
    ours = _read(tmp_path / theirs.opened, tmp_path, through)
    assert ours == tuple(_comparable(one) for one in theirs.pictures)


@pytest.mark.parametrize(
    "place", [p for p in all_places() if p.source == "formats" and p.recorded()], ids=str
)
def test_collections_agree_with_what_was_recorded(
    place: Place, through: BioFormatsProcess, tmp_path: Path
) -> None:
    recorded = place.recorded() or {}
    folder = place.folder(tmp_path)
    sets = zip(recorded["filesets"], of_bio_formats(recorded).sets, strict=True)
    for number, (one, theirs) in enumerate(sets):
        root = tmp_path / str(number)
        for path in one["used"]:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / path, root / path)
        if place.name == "viv-b2r-zarr":
            pytest.skip("OME-XML without pixels is refused by ours")
        ours = _read(root / one["used"][0], root, through)
        wanted = tuple(_comparable(each) for each in theirs.pictures)
        assert tuple(map(without_middle, ours)) == tuple(map(without_middle, wanted))
