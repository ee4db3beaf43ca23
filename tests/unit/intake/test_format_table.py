"""The table of suffixes in docs/formats.md is what the code does."""

from __future__ import annotations

from transferapp.testing import format_table


def test_the_page_is_up_to_date() -> None:
    page = format_table.PAGE.read_text(encoding="utf-8")
    assert format_table.page_with(format_table.table(), page) == page, (
        "run: python -m transferapp.testing.format_table"
    )


def test_every_suffix_of_bio_formats_has_a_row() -> None:
    rows = format_table.table().splitlines()[2:]
    cells = {row.split(" | ")[0].strip("| `."): row.split(" | ") for row in rows}
    assert len(rows) == 219
    assert all(row.count(" | ") == 4 for row in rows)
    assert cells["czi"][1:] == [
        "Zeiss CZI",
        "Zeiss CZI (`.czi`)",
        "whole, and can be shown",
        "pylibCZIrw (extra `readers`) |",
    ]
    assert cells["nd"][2:4] == ["MetaMorph (`.nd`)", "the set is complete"]
    assert cells["cxd"][1:] == [
        "Compix Simple-PCI, for OMERO",
        "-",
        "there, and not empty",
        "no |",
    ]
    assert cells["txt"][1] == "beside images, no image by itself"
    assert cells["zip"][1] == "left out by OMERO's importer"
