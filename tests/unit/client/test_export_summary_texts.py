"""What is said of an export before it is asked for."""

from __future__ import annotations

import pytest

from transferapp.client.export_summary_texts import amount_text, is_whole, notes
from transferapp.model.export_specs import ExportForm
from transferapp.protocol.export_summaries import ExportSummary, NamedObject, NamedObjects


def summary(**more: object) -> ExportSummary:
    values = {
        "form": ExportForm.ORIGINALS, "images": 1, "files": 1, "size_bytes": 3_000_000,
        "estimated": False, "complete": True, "most_images": 100_000,
    }  # fmt: skip
    return ExportSummary.model_validate(values | more)


def objects(count: int, reason: str = "") -> NamedObjects:
    first = [
        NamedObject(ref=f"Image:{n}", name="cells" if n == 1 else "", reason=reason)
        for n in range(1, min(count, 20) + 1)
    ]
    return NamedObjects(count=count, first=first)


def test_the_amount() -> None:
    assert amount_text(summary()) == "1 image, 1 file, 3.0 MB"
    many = summary(images=50_000, files=100_001, size_bytes=10**12)
    assert amount_text(many) == "50,000 images, 100,001 files, 1.0 TB"
    zarr = summary(images=2, files=None, estimated=True, complete=False)
    assert amount_text(zarr) == "At least 2 images, about 3.0 MB before compression"


def test_nothing_is_lost() -> None:
    assert is_whole(summary(free_bytes=10**9))
    assert notes(summary(free_bytes=10**9)) == []


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        ({}, "it takes about 10 minutes."),
        ({"complete": False}, "it takes at least 10 minutes."),
        ({"estimated": True}, "it takes up to about 10 minutes."),
    ],
)
def test_the_time(known: dict[str, object], sentence: str) -> None:
    [note] = notes(summary(expected_s=600.0, **known))
    assert note == f"As your last exports of this form went, {sentence}"


def test_a_time_that_means_nothing_is_not_said() -> None:
    assert notes(summary(expected_s=600.0, complete=False, estimated=True)) == []


def test_the_slower_way_is_named() -> None:
    slow = summary(through_api=True)
    assert notes(slow) == [
        "The bytes come through OMERO's image API, the slower way; it goes on when you log off."
    ]
    assert is_whole(slow)


@pytest.mark.parametrize(
    ("what", "named", "sentence"),
    [
        ("missing", objects(1), "1 is gone, or you may not see it: Image:1 (cells)."),
        (
            "without_originals",
            objects(1200),
            (
                "1,200 are without original files, so nothing comes of them: Image:1 (cells),"
                " Image:2, Image:3 and 1,197 more."
            ),
        ),
        (
            "kept_back",
            objects(1),
            (
                "1 is seen only: the repository's policy on downloads keeps the files of it"
                " back: Image:1 (cells)."
            ),
        ),
        (
            "unsuitable",
            objects(2, "It has 3 planes."),
            (
                "2 are not suitable, so nothing comes of them: Image:1 (cells), Image:2. It has"
                " 3 planes."
            ),
        ),
    ],
)
def test_what_does_not_come_is_named(what: str, named: NamedObjects, sentence: str) -> None:
    found = summary(**{what: named})
    assert notes(found) == [sentence]
    assert not is_whole(found)


def test_what_comes_from_the_archive_is_counted() -> None:
    assert notes(summary(archived_files=1)) == [
        "1 of the files comes from the archive; the export asks for them."
    ]
    assert notes(summary(archived_files=1200, archived_s=18_100.0)) == [
        "1,200 of the files come from the archive, about 5 hours; the export asks for them."
    ]
    assert notes(summary(archived_files=0)) == []
    listed = summary(archived_files=2, archived_s=9.0, expected_s=1.0, hindrance="Away.")
    assert notes(listed, is_list=True) == [
        "2 of the files lie in the archive; a list asks for none."
    ]
    assert len(notes(summary(archived_files=1, expected_s=1.0))) == 1
    assert len(notes(summary(hindrance="It is away.", expected_s=1.0))) == 1
    assert is_whole(summary(archived_files=2))


def test_a_refusal_comes_first_and_a_full_disk_last() -> None:
    found = summary(refused="No.", missing=objects(1), free_bytes=10)
    first, *_, last = notes(found)
    assert first == "No."
    assert "10 Bytes free" in last
