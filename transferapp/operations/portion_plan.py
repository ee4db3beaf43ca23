"""Into which portions a conversion is divided, and which are made: the notes of all its tasks.

Notes are files beside what is made, so that both are forgotten together: a portion whose plan
is gone has nothing to do any more.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from transferapp.conversion.disk_errors import disk_errors
from transferapp.conversion.port import MadeFile
from transferapp.host.private_file import write_private_text
from transferapp.prepared.port import PreparedFile

_PLAN = "plan.json"


@dataclass(frozen=True, slots=True)
class PortionPlan:
    """How an image is divided; another plan for the same image has another id."""

    id: str
    count: int
    #: What it was divided by, whatever the settings of a worker say.
    most_pixels: int


def new_plan(count: int, most_pixels: int) -> PortionPlan:
    """Return a plan that no portion was made by yet."""
    return PortionPlan(uuid.uuid4().hex[:12], count, most_pixels)


def store_plan(notes: Path, plan: PortionPlan) -> None:
    """Write a plan down; raises StorageFull, Unavailable."""
    with disk_errors():
        write_private_text(notes / _PLAN, json.dumps(asdict(plan)))


def plan_in(notes: Path) -> PortionPlan | None:
    """Return the plan; None where there is none (any more)."""
    with disk_errors():
        try:
            return PortionPlan(**json.loads((notes / _PLAN).read_bytes()))
        except FileNotFoundError:
            return None


def note_made(notes: Path, number: int, files: Mapping[str, MadeFile]) -> None:
    """Write down that a portion is made, of which files; raises StorageFull, Unavailable."""
    found = {name: [one.size_bytes, one.sha1] for name, one in files.items()}
    with disk_errors():
        write_private_text(notes / f"{number}.json", json.dumps(found))


def is_made(notes: Path, number: int) -> bool:
    """Whether a portion is made."""
    return (notes / f"{number}.json").exists()


def count_made(notes: Path, plan: PortionPlan) -> int:
    """Count the portions that are made."""
    return sum(is_made(notes, number) for number in range(plan.count))


def files_made(notes: Path, plan: PortionPlan) -> dict[str, PreparedFile]:
    """Return the files of all portions that are made; raises Unavailable."""
    found: dict[str, PreparedFile] = {}
    with disk_errors():
        for number in range(plan.count):
            if is_made(notes, number):
                made = json.loads((notes / f"{number}.json").read_bytes())
                found |= {name: PreparedFile(name, *one) for name, one in made.items()}
    return found
