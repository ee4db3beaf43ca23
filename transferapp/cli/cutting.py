"""In which form ``export`` brings images, which part of each, and into which folders."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated

import typer

from transferapp.errors import Invalid
from transferapp.model.export_places import ExportLayout
from transferapp.model.export_specs import Cut, ExportForm, ExportSpec, Span

Form = Annotated[
    ExportForm,
    typer.Option("--form", help="As what images come; a worker makes all but 'originals'."),
]
Level = Annotated[
    int, typer.Option("--level", min=0, help="Resolution level; 0 is the full size.")
]
Region = Annotated[
    str,
    typer.Option(
        "--region", metavar="X,Y,WIDTH,HEIGHT", help="Only this part, in full-size pixels."
    ),
]
Planes = Annotated[
    str, typer.Option("--z", metavar="FIRST[-LAST]", help="Only these planes, counted from 0.")
]
TimePoints = Annotated[
    str,
    typer.Option("--t", metavar="FIRST[-LAST]", help="Only these time points, from 0."),
]
Channels = Annotated[
    list[int] | None,
    typer.Option("--channel", min=0, help="Only this channel, from 0; may be repeated."),
]
WithAnnotations = Annotated[
    bool,
    typer.Option(
        "--with-annotations",
        help="Beside each image what is known of it as JSON, and its ROIs as CSV.",
    ),
]
Layout = Annotated[
    ExportLayout,
    typer.Option(
        "--layout",
        help="'tree': in folders by project and dataset, or screen, plate and well; 'flat':"
        " side by side.",
    ),
]

_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_REGION = re.compile(r"([0-9]{1,9}),([0-9]{1,9}),([0-9]{1,9}),([0-9]{1,9})")


def spec_given(
    form: ExportForm, level: int, region: str, z: str, t: str, channels: list[int] | None
) -> ExportSpec:
    """Return what is asked for; raises Invalid, or a wrong option."""
    x, y = _region(region)
    cut = Cut(level, _span("--t", t), _span("--z", z), y, x, tuple(channels or ()))
    if cut == Cut():
        return ExportSpec(form)
    if not form.converts:
        raise Invalid(
            f"Original files come whole. For a part of an image choose --form: {_made()}."
        )
    return ExportSpec(form, cut)


def annotated(spec: ExportSpec, *, wanted: bool) -> ExportSpec:
    """Return what is asked for, with annotations if they are ``wanted``; raises Invalid."""
    if wanted and not spec.form.converts:
        raise Invalid(f"Original files come alone. For annotations choose --form: {_made()}.")
    return replace(spec, with_annotations=wanted)


def _made() -> str:
    return ", ".join(form for form in ExportForm if form.converts)


def _region(text: str) -> tuple[Span | None, Span | None]:
    if not text:
        return None, None
    found = _REGION.fullmatch(text.replace(" ", ""))
    if found is None:
        raise typer.BadParameter(
            f"'{text}' is not a region. Write X,Y,WIDTH,HEIGHT in pixels.",
            param_hint="--region",
        )
    x, y, width, height = map(int, found.groups())
    if not (width and height):
        raise typer.BadParameter(
            "A region has at least one pixel. Write X,Y,WIDTH,HEIGHT.", param_hint="--region"
        )
    return Span(x, width), Span(y, height)


def _span(option: str, text: str) -> Span | None:
    if not text:
        return None
    found = _RANGE.fullmatch(text.strip())
    first, last = map(int, (found[1], found[2] or found[1])) if found else (1, 0)
    if last < first:
        raise typer.BadParameter(
            f"'{text}' is no range. Write {option} 3 or {option} 3-7, from 0.",
            param_hint=option,
        )
    return Span(first, last - first + 1)
