"""What may be written on images, and what is refused with a reason."""

from __future__ import annotations

import pytest

from transferapp.model.annotations import (
    EDITABLE_PAIRS,
    MOST_ANNOTATIONS,
    annotations_of,
    wrong_annotations,
)
from transferapp.model.images import Annotation, AnnotationKind

TAG, COMMENT, PAIRS = AnnotationKind.TAG, AnnotationKind.COMMENT, AnnotationKind.KEY_VALUE


def test_words_become_annotations() -> None:
    made = annotations_of([" fixed", "fixed", "", "a, b"], " Nice ", [("stain", "DAPI")])
    assert made == (
        Annotation(TAG, value="fixed"),
        Annotation(TAG, value="a, b"),
        Annotation(COMMENT, value="Nice"),
        Annotation(PAIRS, EDITABLE_PAIRS, pairs=(("stain", "DAPI"),)),
    )
    assert wrong_annotations(made) == ""
    assert annotations_of([], " ") == ()


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (Annotation(TAG), "is empty"),
        (Annotation(COMMENT, value=" \n"), "is empty"),
        (Annotation(TAG, value="a\0b"), "cannot be stored"),
        (Annotation(COMMENT, value="\ud800"), "cannot be stored"),
        (Annotation(PAIRS, pairs=(("k", "v\0"),)), "cannot be stored"),
        (Annotation(PAIRS), "1 to 500"),
        (Annotation(PAIRS, value="x", pairs=(("k", "v"),)), "no value beside"),
        (Annotation(PAIRS, pairs=((" ", "v"),)), "no key"),
        (Annotation(TAG, value="t", pairs=(("k", "v"),)), "has no pairs"),
        (Annotation(TAG, "n" * 256, "t"), "longer"),
        (Annotation(COMMENT, value="x" * 10_001), "longer"),
    ],
)
def test_what_cannot_be_written_is_refused(one: Annotation, reason: str) -> None:
    assert reason in wrong_annotations([one])


def test_too_many_are_refused() -> None:
    many = [Annotation(TAG, value=str(n)) for n in range(MOST_ANNOTATIONS + 1)]
    assert "101 annotations" in wrong_annotations(many)
