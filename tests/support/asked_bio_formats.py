"""Bio-Formats as the import list asks it: about used files only, at the workstation."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import override

from transferapp.bioformats.port import BioFormats, Description, UsedFiles
from transferapp.model.images import TileRegion


class AskedBioFormats(BioFormats):
    """Notes what it is asked; a subclass answers. Whatever else is asked is a fault."""

    def __init__(self) -> None:
        self.asked: list[Path] = []
        self.forgotten: list[Path] = []

    @override
    def used(self, file: Path) -> UsedFiles:
        self.asked.append(file)
        return self.answer(file)

    def answer(self, file: Path) -> UsedFiles:
        """Say which files one uses."""
        raise NotImplementedError

    @override
    def forget(self, file: Path) -> None:
        self.forgotten.append(file)

    @override
    def describe(self, file: Path) -> Description:
        raise AssertionError("the import list looks at images")

    @override
    def pixels(self, file: Path, series: int, region: TileRegion) -> bytes:
        raise AssertionError("the import list reads pixels")

    @override
    def interrupt(self) -> None:
        pass

    @override
    def close(self) -> None:
        pass
