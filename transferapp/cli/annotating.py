"""What ``import`` writes on images (tags, a comment, key-values), and what it skips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from transferapp.cli.given_paths import given_path
from transferapp.client.key_values import annotations_by_file, read_table
from transferapp.errors import Invalid
from transferapp.intake.candidates import FilesetCandidate
from transferapp.model.annotations import annotations_of, wrong_annotations
from transferapp.model.image_annotations import OwnAnnotations
from transferapp.model.images import Annotation
from transferapp.model.skips import Skip, skips_of

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
KeyValuesFile = Annotated[
    Path | None,
    typer.Option(
        "--key-values",
        metavar="FILE.csv",
        parser=given_path,
        help="A table with a row for each file, or image in a file: its key-value pairs.",
    ),
]
Skips = Annotated[
    list[str] | None,
    typer.Option(
        "--skip",
        metavar="thumbnails|minmax|checksum",
        help="Not done by the repository, where the facility allows it; may be repeated.",
    ),
]


def skips_given(given: Sequence[str]) -> frozenset[Skip]:
    """Return what is skipped; what is not known ends the command like a wrong option."""
    try:
        return skips_of(" ".join(given))
    except ValueError:
        text = f"'{' '.join(given)}' cannot be skipped. There are: {', '.join(Skip)}."
        raise typer.BadParameter(text, param_hint="--skip") from None


def own_annotations(
    table: Path | None, candidates: Sequence[FilesetCandidate], echo: Callable[[str], None]
) -> dict[Path, OwnAnnotations]:
    """Read the table and return what each fileset is given; raises Invalid, SourceProblem."""
    if table is None:
        return {}
    found = annotations_by_file(read_table(table), candidates, table.name)
    missing = len(candidates) - len(found)
    if missing:
        text = "1 fileset has" if missing == 1 else f"{missing:,} filesets have"
        echo(f"{text} no key-value pairs in '{table.name}'.")
    return found


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
