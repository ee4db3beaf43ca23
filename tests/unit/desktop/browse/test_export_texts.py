"""What the export dialog says."""

from __future__ import annotations

from transferapp.desktop.browse.export_texts import (
    FORM_NAMES,
    form_text,
    forms_offered,
    part_text,
    place_name,
    place_text,
)
from transferapp.model.export_specs import Cut, ExportForm, ExportSpec, Span
from transferapp.protocol.places import PlaceView

SCRATCH = PlaceView(
    name="cluster", title="Scratch", kind="folder", path="/scratch/anna", used_bytes=10**9
)


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


def test_a_place_is_named_with_what_is_free_there() -> None:
    assert place_name(SCRATCH) == "Scratch"
    narrow = SCRATCH.model_copy(update={"quota_bytes": 3 * 10**9})
    assert place_name(narrow) == "Scratch (2.0 GB free)"
    full = SCRATCH.model_copy(update={"quota_bytes": 10})
    assert place_name(full) == "Scratch (0 Bytes free)"
    long = SCRATCH.model_copy(
        update={"title": "Share of the department of developmental biology"}
    )
    assert place_name(long) == "Share of the department of developmenta…"
    away = narrow.model_copy(update={"hindrance": "It is not there."})
    assert place_name(away) == "Scratch (exports wait)"


def test_a_place_says_where_the_files_are_and_for_how_long() -> None:
    assert place_text(SCRATCH).startswith("Your own folder there is /scratch/anna. ")
    kept = SCRATCH.model_copy(update={"keep_days": 30})
    assert place_text(kept).endswith("; they are removed after 30 days.")
    shortly = SCRATCH.model_copy(update={"keep_days": 1})
    assert place_text(shortly).endswith("after 1 day.")
