"""What an OME-XML does not say of its planes is told before the import."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.ome_files import SHAPE, block, image, ome, uuid, write_pages
from transferapp.intake import ome_planes
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightResult, Severity, preflight
from transferapp.intake.scanning import scan


class Later:
    """A clock an hour ahead, so that fresh test files count as old."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=1)


def judge(folder: Path) -> PreflightResult:
    (candidate,) = group(scan([folder]))
    return preflight(candidate, clock=Later())


def written(
    folder: Path, blocks: str, pages: int = 3, sizes: tuple[int, int, int] = (3, 1, 1)
) -> PreflightResult:
    """Judge a file of an image of these sizes that has so many pages."""
    write_pages(folder / "a.ome.tif", ome(image(blocks, sizes=sizes)), range(pages))
    return judge(folder)


@pytest.mark.parametrize("blocks", ["", "<TiffData/>", block(count=3), block(None, count=3)])
def test_planes_that_all_have_their_page_are_fine(tmp_path: Path, blocks: str) -> None:
    assert written(tmp_path, blocks).level is Severity.OK


@pytest.mark.parametrize(
    ("blocks", "pages", "text"),
    [
        (block(0, z=0) + block(1, z=2), 2, "no page for 1 of the 3 planes of 'image 0': they"),
        (block(), 1, "no page for 2 of the 3 planes of 'image 0': they will be black"),
        (block(), 2, "The other pages are taken in their order"),
        (block(), 2, "no page for 1 of the 3 planes of 'image 0': they will be black"),
    ],
)
def test_planes_that_will_be_black_are_reported(
    tmp_path: Path, blocks: str, pages: int, text: str
) -> None:
    result = written(tmp_path, blocks, pages=pages)
    assert (result.level, result.code) == (Severity.WARNING, "")
    assert text in result.sentence


def test_black_planes_of_a_set_are_reported_also_where_blocks_repeat(tmp_path: Path) -> None:
    places = (0, 0), (1, 0), (0, 1), (0, 0)
    blocks = "".join(block(z, z=z, file=f"{c}.tif", own=uuid(c + 1), c=c) for z, c in places)
    (tmp_path / "x.companion.ome").write_text(ome(image(blocks, sizes=(2, 2, 1))))
    for n in range(2):
        write_pages(tmp_path / f"{n}.tif", None, [5] if n else [5, 6])
    result = judge(tmp_path)
    assert result.level is Severity.WARNING
    assert "no page for 1 of the 4 planes of 'image 0'" in result.sentence


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        (block(), "says where 1 of the 3 planes of 'image 0' are. The other pages are taken"),
        (block(count=2), "says where 2 of the 3 planes of 'image 0' are"),
        (block(z=7), "does not say clearly where the planes of 'image 0' are. Its pages are"),
    ],
)
def test_planes_without_a_page_of_their_own_are_reported(
    tmp_path: Path, blocks: str, text: str
) -> None:
    result = written(tmp_path, blocks)
    assert (result.level, result.code) == (Severity.WARNING, "")
    assert text in result.sentence
    assert "'a.ome.tif'" in result.sentence


@pytest.mark.parametrize(
    ("blocks", "pages", "text"),
    [
        ("", 5, "2 of the 5 pages of 'a.ome.tif' belong to no image"),
        (block(count=3), 4, "1 of the 4 pages of 'a.ome.tif' belongs to no image"),
        (block(0, z=0) + block(2, z=1), 3, "1 of the 3 pages"),
    ],
)
def test_pages_that_will_not_be_shown_are_reported(
    tmp_path: Path, blocks: str, pages: int, text: str
) -> None:
    result = written(tmp_path, blocks, pages=pages)
    assert (result.level, result.code) == (Severity.WARNING, "")
    assert text in result.sentence


def test_smaller_copies_and_masks_are_no_lost_pages(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=False) as out:
        for kind in (0, 1, 4):
            out.write(
                np.ones(SHAPE, bool if kind == 4 else np.uint8),
                description=ome(image(block())) if kind == 0 else None,
                subfiletype=kind,
                metadata=None,
                contiguous=False,
            )
    assert judge(tmp_path).level is Severity.OK


@pytest.mark.parametrize(
    ("blocks", "text"),
    [
        ("", "pages for 2 of the 3 planes"),
        (block(2, z=2), "has 2 pages, and its OME-XML names page 3"),
        (block(count=3), "has 2 pages, and its OME-XML names page 3"),
    ],
)
def test_pages_that_are_missing_are_reported_before_the_upload(
    tmp_path: Path, blocks: str, text: str
) -> None:
    result = written(tmp_path, blocks, pages=2)
    assert (result.level, result.code) == (Severity.BLOCKED, "damaged-file")
    assert "'a.ome.tif'" in result.sentence
    assert text in result.sentence


@pytest.mark.parametrize("samples", [[3], [], [1, 1, 1]])
def test_colours_count_as_their_page(tmp_path: Path, samples: Sequence[int]) -> None:
    xml = ome(image(block(), sizes=(1, 3, 1), samples=samples))
    write_pages(tmp_path / "a.ome.tif", xml, [5], colours=True)
    assert judge(tmp_path).level is Severity.OK


def test_channels_that_colours_do_not_fit_into_are_reported(tmp_path: Path) -> None:
    xml = ome(image(block(), sizes=(1, 4, 1), samples=[3, 1]))
    write_pages(tmp_path / "a.ome.tif", xml, [5], colours=True)
    result = judge(tmp_path)
    assert (result.level, result.code) == (Severity.BLOCKED, "unsupported-file")


@pytest.mark.parametrize(("count", "level"), [(1, Severity.WARNING), (3, Severity.OK)])
def test_sets_are_scanned_at_too(tmp_path: Path, count: int, level: Severity) -> None:
    blocks = "".join(
        block(c=n, count=count, file=f"{n}.tif", own=uuid(n + 1)) for n in range(2)
    )
    xml = ome(image(blocks, sizes=(3, 2, 1), order="XYZCT"))
    (tmp_path / "x.companion.ome").write_text(xml)
    for n in range(2):
        write_pages(tmp_path / f"{n}.tif", None, range(3))
    result = judge(tmp_path)
    assert result.level is level
    assert ("2 of the 6 planes" in result.sentence) is (level is Severity.WARNING)


def test_no_one_waits_for_a_file_of_very_many_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ome_planes, "page_count", lambda _: None)
    assert written(tmp_path, block()).level is Severity.OK


@pytest.mark.parametrize(
    ("pixels", "code", "text"),
    [
        ("<BinData>AA==</BinData>", "", ""),
        ("<BinData/><BinData/>", "damaged-file", "2 of the 3 planes"),
        ("<MetadataOnly/>", "damaged-file", "holds no pixels"),
    ],
)
def test_xml_with_its_pixels_in_it(tmp_path: Path, pixels: str, code: str, text: str) -> None:
    (tmp_path / "a.ome").write_text(ome(image(pixels, sizes=(3, 1, 1))))
    result = judge(tmp_path)
    assert result.code == code
    assert text in result.sentence


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (ome(image("<BinData/>", samples=[3])), "Colours in OME-XML"),
        (ome(image("<BinData/>", dtype="complex")), "type 'complex'"),
        ("<?xml version='1.0'?><OME><Image", "cut short"),
        ("hello", "does not begin like an OME-XML file"),
    ],
)
def test_xml_that_cannot_be_read_is_reported(tmp_path: Path, xml: str, text: str) -> None:
    (tmp_path / "a.ome.xml").write_text(xml)
    result = judge(tmp_path)
    assert result.blocked
    assert text in result.sentence
