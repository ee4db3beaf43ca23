"""Which part of an image ``export`` is told to bring."""

from __future__ import annotations

import pytest
import typer

from transferapp.cli.cutting import annotated, spec_given
from transferapp.errors import Invalid
from transferapp.model.export_places import ExportLayout
from transferapp.model.export_specs import (
    Cut,
    ExportForm,
    ExportSpec,
    Span,
    spec_of,
    spec_value,
)

TIFF = ExportForm.OME_TIFF


def test_nothing_is_the_whole() -> None:
    assert spec_given(TIFF, 0, "", "", "", None) == ExportSpec(TIFF)
    assert spec_given(ExportForm.ORIGINALS, 0, "", "", "", None) == ExportSpec()


def test_all_that_can_be_said_is_kept() -> None:
    spec = spec_given(TIFF, 2, "10, 20,300,400", "3-7", "5", [1, 0])
    assert spec.cut == Cut(2, Span(5, 1), Span(3, 5), Span(20, 400), Span(10, 300), (1, 0))
    assert spec_of(spec_value(spec)) == spec
    more = annotated(spec, wanted=True)
    assert more == ExportSpec(TIFF, spec.cut, with_annotations=True)
    assert spec_of(spec_value(more)) == more


def test_what_was_kept_before_there_were_annotations_and_layouts() -> None:
    flat = ExportSpec(TIFF, layout=ExportLayout.FLAT)
    assert spec_of({"form": "ome-tiff", "cut": None}) == flat
    assert spec_of(None) == ExportSpec(layout=ExportLayout.FLAT)
    assert spec_of(spec_value(flat)) == flat


@pytest.mark.parametrize(
    ("region", "z", "t"),
    [
        ("1,2,3", "", ""),
        ("1,2,0,4", "", ""),
        ("a,2,3,4", "", ""),
        ("", "7-3", ""),
        ("", "-3", ""),
        ("", "", "last"),
        ("", "1-2-3", ""),
    ],
)
def test_what_makes_no_sense_is_told(region: str, z: str, t: str) -> None:
    with pytest.raises(typer.BadParameter, match="Write"):
        spec_given(TIFF, 0, region, z, t, None)


def test_original_files_are_not_cut() -> None:
    with pytest.raises(Invalid, match="come whole"):
        spec_given(ExportForm.ORIGINALS, 1, "", "", "", None)


def test_original_files_come_alone() -> None:
    with pytest.raises(Invalid, match="come alone"):
        annotated(ExportSpec(), wanted=True)
    assert annotated(ExportSpec(), wanted=False) == ExportSpec()
