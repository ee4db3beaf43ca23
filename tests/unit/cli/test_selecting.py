"""Which images ``export`` is told to bring."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.cli.selecting import Selected, selected
from transferapp.errors import Invalid


def test_every_kind_of_source(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("Image:3\nImage:12\n", encoding="utf-8")
    sources = ["Image:12", "image:7", "Flies/Wings", "Plate:4", "Well:9", "Tag:a: b/c"]
    found = selected(sources, ["fixed", "a: b/c"], " red ", path)
    assert found == Selected(
        (3, 12, 7), ("Flies/Wings", "Plate:4"), (9,), ("fixed", "a: b/c"), "red"
    )
    assert found.title == (
        "Export of 3 images, Flies/Wings, Plate:4, Well:9, Tag:fixed, Tag:a: b/c, 'red'"
    )


def test_a_search_alone() -> None:
    assert selected([], [], "red", None) == Selected(text="red")


@pytest.mark.parametrize(
    ("sources", "tags", "query", "sentence"),
    [
        ([], [], None, "Name what to export"),
        (["Dataset:3"], [], "", "is empty"),
        (["Dataset:3"], [""], None, "is empty"),
        (["Tag:"], [], None, "is empty"),
        (["Well:A1"], [], None, "is no well"),
        (["Image:x"], [], None, "neither an image"),
    ],
)
def test_what_makes_no_sense_is_told(
    sources: list[str], tags: list[str], query: str | None, sentence: str
) -> None:
    """An unset variable of a script never chooses more than was meant."""
    with pytest.raises(Invalid, match=sentence):
        selected(sources, tags, query, None)
