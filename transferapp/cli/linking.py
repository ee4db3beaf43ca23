"""Results that are imported know the image that they were made from (``--link-to``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

import typer

from transferapp.cli import targets
from transferapp.client.server import ServerClient
from transferapp.errors import ImageNotFound, Invalid, TargetNotFound
from transferapp.model.annotations import MADE_FROM, MADE_FROM_KEY
from transferapp.model.containers import ContainerKind, is_id
from transferapp.model.duplicates import DuplicateFileset
from transferapp.model.images import Annotation, AnnotationKind, ImageDetails

LinkTo = Annotated[
    str,
    typer.Option(
        metavar="Image:ID",
        help="The image that these results were made from. They are marked with it, and"
        " without --to they go to its dataset.",
    ),
]


@dataclass(frozen=True, slots=True)
class ResultsTarget:
    """Where results go, and what is noted on them."""

    to: str
    annotations: tuple[Annotation, ...] = ()


def check_targets(link_to: str, to: str) -> None:
    """Raise Invalid or a wrong option, before any file is read."""
    if link_to:
        image_id_of(link_to)
    if to:
        targets.check_target(to)
    elif not link_to:
        raise typer.BadParameter("Name the target of the import.", param_hint="--to")


async def results_target(server: ServerClient, link_to: str, to: str) -> ResultsTarget:
    """Return where results go: to ``to``, else to the only dataset of the image.

    Raises ImageNotFound, and TargetNotFound where there is no such dataset, or several.
    """
    if not link_to:
        return ResultsTarget(to)
    image_id = image_id_of(link_to)
    name = (await server.image(image_id)).summary.name
    pairs = ((MADE_FROM_KEY, f"Image:{image_id}"), ("name", name))
    note = Annotation(AnnotationKind.KEY_VALUE, MADE_FROM, pairs=pairs)
    return ResultsTarget(to or await _dataset_of(server, image_id), (note,))


class HasImages(Protocol):
    """What is needed of a server here; ``client.server.ServerClient`` is one."""

    async def image(self, image_id: int) -> ImageDetails:
        """Return an image with what is written on it; raises ImageNotFound."""


async def carries(
    server: HasImages, notes: Sequence[Annotation], filesets: Sequence[DuplicateFileset]
) -> bool:
    """Say whether the images of one of these filesets have all of these notes already."""
    return any([await _all_carry(server, notes, fileset.image_ids) for fileset in filesets])


async def _all_carry(
    server: HasImages, notes: Sequence[Annotation], image_ids: Sequence[int]
) -> bool:
    wanted = {(note.namespace, pair) for note in notes for pair in note.pairs}
    for image_id in image_ids:
        try:
            found = (await server.image(image_id)).annotations
        except ImageNotFound:
            return False  # It was deleted a moment ago.
        if not wanted <= {(one.namespace, pair) for one in found for pair in one.pairs}:
            return False
    return bool(image_ids)


async def _dataset_of(server: ServerClient, image_id: int) -> str:
    around = [one for found in await server.locations(image_id) for one in found.containers]
    datasets = {str(one.ref) for one in around if one.ref.kind is ContainerKind.DATASET}
    if len(datasets) == 1:
        return datasets.pop()
    lies = f"lies in {len(datasets)} datasets" if datasets else "lies in no dataset"
    raise TargetNotFound(f"Image {image_id} {lies}. Name the target with --to.")


def image_id_of(text: str) -> int:
    """Return the id of ``Image:12``; raises Invalid."""
    kind, _, number = text.partition(":")
    if kind.lower() != "image" or not is_id(number):
        raise Invalid(f"'{text}' is no image. Write it like Image:12.")
    return int(number)
