"""Say before and after the button what an import does, in whole sentences."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from transferapp.desktop.containers.targets import ImportTarget
from transferapp.desktop.imports.totals import ImportTotals
from transferapp.desktop.transfers.texts import count_text, size_text
from transferapp.intake.file_names import shown_text

#: Letters of a name in a sentence; the tree beside it shows the place itself.
MOST_OF_NAME = 40


def amount_text(totals: ImportTotals) -> str:
    """Say how much it is: ``12 filesets from 31 files (48 MB)``."""
    files = count_text(totals.files, "file")
    size = size_text(totals.size_bytes)
    return f"{count_text(totals.included, 'fileset')} from {files} ({size})"


def target_text(target: ImportTarget) -> str:
    """Say where it goes: ``dataset 'Embryos' in project 'Flies'``."""
    text = f"{target.ref.kind.lower()} '{shortened(target.container.name)}'"
    project = shortened(target.project_name)
    return f"{text} in project '{project}'" if project else text


def summary_text(
    totals: ImportTotals, target: ImportTarget, server_url: str, attached: int = 0
) -> str:
    """Say what will be imported where, and how many files are attached, in a sentence."""
    where = f"{target_text(target)} on {server_text(server_url)}"
    text = f"{amount_text(totals)} will be imported into {where}"
    if not attached:
        return f"{text}."
    return f"{text}, and {count_text(attached, 'file')} attached to it."


def suggested_name(first: Path) -> str:
    """Return what to call an import that begins with this file or folder."""
    name = first.name if first.is_dir() else first.name.partition(".")[0]
    return shown_text(name)


def shortened(name: str, most: int = MOST_OF_NAME) -> str:
    """Leave out the middle of a name that is too long for a sentence."""
    if len(name) <= most:
        return name
    tail = most // 2 - 1
    return f"{name[: most - tail - 1].rstrip()}…{name[-tail:].lstrip()}"


def server_text(url: str) -> str:
    """Return the server's address without what people do not read."""
    return urlsplit(url).netloc or url


def left_out_text(totals: ImportTotals, attached: int = 0) -> str:
    """Say how many filesets stay out, and why; empty when none does. ``attached`` of those
    that are no images are attached.
    """
    counted = (
        (totals.blocked, "cannot be imported"),
        (totals.others - attached, "not images"),
        (totals.writing, "still being written"),
        (totals.unticked, "not ticked"),
        (totals.held, "in the repository already"),
        (totals.ignored, "ignored"),
    )
    parts = ", ".join(f"{count:,} {text}" for count, text in counted if count)
    if not parts:
        return ""
    missed = totals.left_out - attached > totals.ignored + totals.held
    return f"Left out: {parts}.{' Keep what is not imported.' if missed else ''}"
