"""What ``import`` writes on the images: tags, a comment, key-value pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from transferapp.errors import Invalid
from transferapp.model.annotations import annotations_of, wrong_annotations
from transferapp.model.images import Annotation

Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="NAME", help="A tag for all images; may be repeated."),
]
Comment = Annotated[str, typer.Option("--comment", help="A comment on all images.")]
KeyValues = Annotated[
    list[str] | None,
    typer.Option(
        "--key-value",
        metavar="KEY=VALUE",
        help="A key-value pair for all images; may be repeated.",
    ),
]


def annotations_given(
    tags: Sequence[str], comment: str, key_values: Sequence[str]
) -> tuple[Annotation, ...]:
    """Return what was typed as annotations; raises Invalid."""
    made = annotations_of(tags, comment, [_pair(text) for text in key_values])
    if wrong := wrong_annotations(made):
        raise Invalid(wrong)
    return made


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise Invalid(f"'{text}' is no KEY=VALUE. Write it like --key-value stain=DAPI.")
    return key.strip(), value.strip()
