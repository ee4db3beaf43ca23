"""What the export dialog says."""

from __future__ import annotations

from transferapp.desktop.browse.export_texts import (
    FORM_NAMES,
    form_text,
    forms_offered,
    part_text,
)
from transferapp.model.export_specs import Cut, ExportForm, ExportSpec, Span


def test_every_form_has_a_name_and_a_text() -> None:
    assert set(FORM_NAMES) == set(ExportForm)
    assert all(form_text(form).endswith(".") for form in ExportForm)


def test_a_part_has_no_original_files() -> None:
    assert ExportForm.ORIGINALS in forms_offered(ExportSpec())
    assert ExportForm.ORIGINALS not in forms_offered(ExportSpec(cut=Cut(1)))


def test_a_part_is_said_in_words() -> None:
    cut = Cut(2, y=Span(0, 40), x=Span(5, 30), channels=(1,))
    assert (
        part_text(ExportSpec(cut=cut))
        == "30 \N{MULTIPLICATION SIGN} 40 pixels, resolution level 2, 1 channel"
    )
    assert part_text(ExportSpec()) == ""
