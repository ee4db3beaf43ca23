"""How many steps an import has is OMERO's to say."""

from __future__ import annotations

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from transferapp.repositories.omero.imports.watching import step_text


@pytest.mark.parametrize(
    ("step", "steps", "text"),
    [
        (0, 0, "waiting in OMERO's own queue"),
        (1, 5, "reading the metadata"),
        (5, 5, "finishing"),
        (1, 6, "protecting the files"),
        (2, 6, "reading the metadata"),
        (6, 6, "finishing"),
        # A server that nobody here knows: no words are better than wrong ones.
        (2, 7, "step 2 of 7 in OMERO"),
    ],
)
def test_words_for_a_step(step: int, steps: int, text: str) -> None:
    assert step_text(step, steps) == text
