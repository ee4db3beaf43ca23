"""The folders whose files are compared: samples, made files, and collections where present."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import override

from tests.oracle.made import MADE
from transferapp.host.resources import resource

#: Other people's files, beside the repository or where the variable says. The project stands
#: without them.
SHARED = Path(os.environ.get("TRANSFERAPP_SHARED") or Path(__file__).parents[3] / "shared")
_NO_IMAGES = "LICENSES"


@dataclass(frozen=True)
class Place:
    """A folder; ``source`` is one of ``table.SOURCES``."""

    source: str
    name: str

    @override
    def __str__(self) -> str:
        return f"{self.source}/{self.name}"

    def folder(self, made: Path) -> Path:
        """Return where it is; made files are below ``made``, and are made when first asked."""
        if self.source == "made":
            folder = made / self.name
            if not folder.exists():
                folder.mkdir()
                MADE[self.name](folder)
            return folder
        return _root(self.source) / self.name

    def recorded(self) -> dict[str, Any] | None:
        """Return what Bio-Formats answered when it was recorded, where it was."""
        key = self.name if self.source == "formats" else f"../{self.source}/{self.name}"
        found: dict[str, Any] | None = _recorded().get(key)
        return found


def places() -> list[Place]:
    """Return all that are here."""
    found = [Place("made", name) for name in MADE]
    for source in ("samples", "data", "formats"):
        root = _root(source)
        folders = sorted(path for path in root.glob("*/") if path.name != _NO_IMAGES)
        found += [Place(source, path.name) for path in folders]
    return found


def _root(source: str) -> Path:
    return resource("sample-data") if source == "samples" else SHARED / source


def _recorded() -> dict[str, Any]:
    path = SHARED / "formats" / "oracle.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
