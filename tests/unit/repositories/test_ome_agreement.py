"""Desktop and embedded repository take the same files for OME-XML, and read it alike."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support.ome_files import SHAPE, image, ome, uuid
from transferapp.errors import SourceProblem
from transferapp.intake import omexml
from transferapp.intake.judging import in_order, judge
from transferapp.intake.scanning import scan
from transferapp.ome import reading
from transferapp.ome.own_uuid import own_uuid
from transferapp.repositories.local.readers.ome_tiff import OmeTiffFileset
from transferapp.repositories.local.readers.tiff import open_tiff_fileset

LONG_AGO = 1_700_000_000
PLAIN = ome(image(), own=uuid(7))
PREFIXED = (
    PLAIN.replace("<OME", "<o:OME", 1)
    .replace("</OME>", "</o:OME>")
    .replace('xmlns="', 'xmlns:o="', 1)
)
#: Descriptions, and whether they are OME-XML (Bio-Formats 7.3 parses whatever looks like XML).
TEXTS = {
    "plain": (PLAIN, True),
    "with a prefix": (PREFIXED, True),
    "behind a long licence": (PLAIN.replace("<OME", f"<!--{'x' * 9000}--><OME", 1), True),
    "a word": ("taken with OME and <OME in mind", False),
    "another root": (f"<Lab>{PLAIN}</Lab>", False),
    "without images": (ome("", own=uuid(7)), False),
    "cut short": (PLAIN[:-20], False),
    "ImageJ": ("ImageJ=1.54f\nimages=1\n", False),
}


def written(folder: Path, text: str) -> Path:
    path = folder / "a.tif"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(np.zeros(SHAPE, np.uint8), description=text.encode(), metadata=None)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


@pytest.mark.parametrize("name", TEXTS)
def test_who_reads_a_tiff_sees_the_same_document(tmp_path: Path, name: str) -> None:
    text, is_ome = TEXTS[name]
    path = written(tmp_path, text)
    document = omexml.read_tiff(path)
    assert (document is not None) == is_ome
    assert document == reading.parse(text)
    opened = open_tiff_fileset(path, tmp_path)
    assert isinstance(opened, OmeTiffFileset) == is_ome
    opened.close()
    assert not is_ome or document is None or own_uuid(path) == document.uuid


@pytest.mark.parametrize("name", [name for name, (_, is_ome) in TEXTS.items() if is_ome])
def test_the_quick_scan_calls_none_of_them_plain(tmp_path: Path, name: str) -> None:
    written(tmp_path, TEXTS[name][0])
    [(candidate, _)] = in_order([one for some in judge(scan([tmp_path])) for one in some])
    assert not candidate.sound
    assert candidate.format is not None
    assert candidate.format.name == "OME-TIFF"


def test_who_reads_a_document_has_one_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.companion.ome"
    path.write_text(PLAIN, encoding="utf-8")
    assert reading.read_document(path) == omexml.read_xml(path)
    monkeypatch.setattr(reading, "MOST_BYTES", len(PLAIN) - 1)
    assert reading.read_document(path) is None
    with pytest.raises(ValueError, match="OME-XML"):
        omexml.read_xml(path)


def test_damage_is_damage_for_both(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN.replace('SizeX="', 'SizeX="no'))
    with pytest.raises(SourceProblem, match="lacks or misspells"):
        omexml.read_tiff(path)
    with pytest.raises(SourceProblem, match="lacks or misspells"):
        open_tiff_fileset(path, tmp_path)
