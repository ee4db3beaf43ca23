"""Say before and after the button what an import does, in whole sentences."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from transferapp.desktop.presenters.import_list import FilesetRow
from transferapp.desktop.presenters.targets import Target
from transferapp.desktop.presenters.transfer_words import count_words, size_words
from transferapp.model.images import Annotation, AnnotationKind

#: Letters of a name in a sentence; the tree beside it shows the place itself.
MOST_OF_NAME = 40


def amount_words(rows: Iterable[FilesetRow]) -> str:
    """Say how much it is: ``12 filesets from 31 files (48 MB)``."""
    chosen = list(rows)
    files = count_words(sum(row.file_count for row in chosen), "file")
    size = size_words(sum(row.size_bytes for row in chosen))
    return f"{count_words(len(chosen), 'fileset')} from {files} ({size})"


def target_words(target: Target) -> str:
    """Say where it goes: ``dataset 'Embryos' in project 'Flies'``."""
    words = f"{target.ref.kind.lower()} '{shortened(target.container.name)}'"
    project = shortened(target.project_name)
    return f"{words} in project '{project}'" if project else words


def summary_words(
    rows: Iterable[FilesetRow], target: Target, server_url: str, attached: int = 0
) -> str:
    """Say what will be imported where, and how many files are attached, in a sentence."""
    where = f"{target_words(target)} on {server_words(server_url)}"
    words = f"{amount_words(rows)} will be imported into {where}"
    if not attached:
        return f"{words}."
    return f"{words}, and {count_words(attached, 'file')} attached to it."


def suggested_name(first: Path) -> str:
    """Return what to call an import that begins with this file or folder."""
    name = first.name if first.is_dir() else first.name.partition(".")[0]
    return name.encode(errors="replace").decode()


def shortened(name: str, most: int = MOST_OF_NAME) -> str:
    """Leave out the middle of a name that is too long for a sentence."""
    if len(name) <= most:
        return name
    tail = most // 2 - 1
    return f"{name[: most - tail - 1].rstrip()}…{name[-tail:].lstrip()}"


def server_words(url: str) -> str:
    """Return the server's address without what people do not read."""
    return urlsplit(url).netloc or url


def left_out_words(rows: Iterable[FilesetRow]) -> str:
    """Say how many filesets stay out, and why; empty when none does."""
    left = [row for row in rows if not row.included]
    ignored = sum(1 for row in left if row.ignored)
    others = sum(1 for row in left if row.other and not row.ignored)
    writing = sum(1 for row in left if row.unsettled and not row.ignored)
    held = sum(1 for row in left if row.can_include and row.is_held)
    unticked = sum(1 for row in left if row.can_include) - held
    blocked = len(left) - ignored - others - writing - unticked - held
    counted = (
        (blocked, "cannot be imported"),
        (others, "not images"),
        (writing, "still being written"),
        (unticked, "not ticked"),
        (held, "in the repository already"),
        (ignored, "ignored"),
    )
    parts = ", ".join(f"{count:,} {words}" for count, words in counted if count)
    if not parts:
        return ""
    keep = " Keep what is not imported." if len(left) > ignored + held else ""
    return f"Left out: {parts}.{keep}"


def annotations_of(tags: str, comment: str) -> tuple[Annotation, ...]:
    """Turn comma-separated tags and a comment into annotations."""
    names = dict.fromkeys(name.strip() for name in tags.split(","))
    found = [Annotation(AnnotationKind.TAG, value=name) for name in names if name]
    if comment.strip():
        found.append(Annotation(AnnotationKind.COMMENT, value=comment.strip()))
    return tuple(found)
