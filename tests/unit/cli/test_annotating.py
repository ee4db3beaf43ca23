"""Tags, comment and key-value pairs as they are typed behind ``import``."""

from __future__ import annotations

import pytest

from transferapp.cli.annotating import annotations_given
from transferapp.errors import Invalid
from transferapp.model.images import AnnotationKind


def test_pairs_are_split_at_the_first_equals_sign() -> None:
    [one] = annotations_given([], "", ["stain=DAPI", " url = a=b ", "empty="])
    assert one.kind is AnnotationKind.KEY_VALUE
    assert one.pairs == (("stain", "DAPI"), ("url", "a=b"), ("empty", ""))


@pytest.mark.parametrize("text", ["stain", "=DAPI", " =DAPI"])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="no KEY=VALUE"):
        annotations_given([], "", [text])


def test_what_cannot_be_stored_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(Invalid, match="cannot be stored"):
        annotations_given(["\udce9"], "", [])
