"""What was dropped on an import, and how it looks now, as requests bring it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict
from pydantic.dataclasses import dataclass

from transferapp.model.drops import MOST_LISTED, Drop, SourceScan
from transferapp.protocol.numbers import MOST_NUMBER


def _sound(drop: Drop) -> Drop:
    """Refuse what cannot be: a promise rests on these counts."""
    if max(len(drop.roots), len(drop.left_out)) > MOST_LISTED:
        raise ValueError(f"at most {MOST_LISTED} names of a drop are listed; count the rest")
    listed = [one.file_count for one in drop.left_out]
    if not all(
        0 <= n <= MOST_NUMBER for n in (*listed, drop.left_out_files, drop.ignored_files)
    ):
        raise ValueError("a number of files is 0 or more, and not beyond 64 bits")
    missed = sum(one.file_count for one in drop.left_out if one.reason.counts)
    if missed > drop.left_out_files:
        raise ValueError("left_out_files counts fewer files than are listed")
    if any("\x00" in text for text in (*drop.roots, *_texts(drop))):
        raise ValueError("a name has a character that cannot be stored")
    return drop


def _texts(drop: Drop) -> list[str]:
    return [text for one in drop.left_out for text in (one.client_path, one.code, one.sentence)]


#: A drop as a request brings it.
SoundDrop = Annotated[Drop, AfterValidator(_sound)]


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class ReportedScan(SourceScan):
    """A look as a request brings it: a field misspelled is not a look that found nothing."""
