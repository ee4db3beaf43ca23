"""Which images ``export`` is told to bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from transferapp.cli import targets
from transferapp.cli.given_paths import given_path
from transferapp.client.image_lists import read_image_list
from transferapp.client.server import ServerClient
from transferapp.errors import Invalid
from transferapp.model.containers import ContainerKind, ContainerRef, is_id

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        help="Image:12 Dataset:5 Dataset:NAME PROJECT/DATASET Project:3 Well:9 Tag:NAME ..."
    ),
]
Tags = Annotated[
    list[str] | None,
    typer.Option("--tag", help="Also all images with this tag; may be repeated."),
]
Query = Annotated[
    str | None,
    typer.Option(
        "--query",
        metavar="TEXT",
        help="Of containers, wells and tags (without any: of all that you see) only images"
        " whose names hold TEXT.",
    ),
]
ListFile = Annotated[
    Path | None,
    typer.Option(
        "--list",
        parser=given_path,
        metavar="FILE",
        help="Also the images of a file: lines like Image:12, or CSV with a column 'image'.",
    ),
]
SkipMissing = Annotated[
    bool,
    typer.Option("--skip-missing", help="Leave out what is gone instead of exporting nothing."),
]


@dataclass(frozen=True, slots=True)
class Selected:
    """What was named; ``containers`` are looked up by ``container_named``."""

    image_ids: tuple[int, ...] = ()
    containers: tuple[str, ...] = ()
    wells: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    text: str = ""

    @property
    def title(self) -> str:
        """What an export of it is called."""
        count = len(self.image_ids)
        images = [f"{count} {'image' if count == 1 else 'images'}"] if count else []
        wells = [f"Well:{well}" for well in self.wells]
        tags = [f"Tag:{tag}" for tag in self.tags]
        text = [f"'{self.text}'"] if self.text else []
        return f"Export of {', '.join([*images, *self.containers, *wells, *tags, *text])}"[:200]


def selected(
    sources: Sequence[str], tags: Sequence[str], query: str | None, list_file: Path | None
) -> Selected:
    """Return what was named; raises Invalid, and SourceProblem for a list that is not read."""
    images = read_image_list(list_file) if list_file else []
    containers, wells, tagged = [], [], list(tags)
    for text in sources:
        kind, _, rest = text.partition(":")
        if kind.lower() == "tag":
            tagged.append(rest)
        elif kind.lower() == "well":
            wells.append(_well(rest, text))
        elif (image_id := _image_id(text)) is not None:
            images.append(image_id)
        else:
            containers.append(text)
    # Unset variables of a script must not choose more than was meant.
    if not all(tag.strip() for tag in tagged) or (query is not None and not query.strip()):
        raise Invalid("A tag or --query is empty. Name the tag, or what to search for.")
    found = Selected(
        tuple(dict.fromkeys(images)),
        tuple(containers),
        tuple(wells),
        tuple(dict.fromkeys(tagged)),
        (query or "").strip(),
    )
    if found == Selected():
        raise Invalid(
            "Name what to export, like Image:12, Dataset:5 or Tag:NAME, or give --query or"
            " --list."
        )
    return found


async def container_named(server: ServerClient, text: str) -> ContainerRef:
    """Return the container of an id of any kind, or of a name; raises Invalid and
    TargetNotFound.
    """
    kind, _, number = text.partition(":")
    if is_id(number) and kind.capitalize() in set(map(str, ContainerKind)):
        return ContainerRef.parse(text)
    return (await targets.find_target(server, text, create=False, source=True)).ref


def _well(number: str, text: str) -> int:
    if not is_id(number):
        raise Invalid(f"'{text}' is no well. Write its id, like Well:9.")
    return int(number)


def _image_id(text: str) -> int | None:
    """Return the id where an image is named; raises Invalid for ``Image:`` without one."""
    kind, _, number = text.rpartition(":")
    if kind.lower() not in {"", "image"} or "/" in text:
        return None
    if not is_id(number):
        raise Invalid(
            f"'{text}' is neither an image nor a container. Write it like Image:12, Dataset:5,"
            " Dataset:NAME or PROJECT/DATASET."
        )
    return int(number)
