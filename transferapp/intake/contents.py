"""Tell files by their first bytes where their names tell nothing."""

from __future__ import annotations

from pathlib import Path

from transferapp.formats.image_format import ImageFormat
from transferapp.intake.formats import format_of_bytes, format_of_name
from transferapp.intake.neighbours import Neighbours
from transferapp.intake.scanning import FoundFile

#: Enough for the marks of all formats; DICOM's is at 128, that of NIfTI at 344.
HEAD_BYTES = 512
#: Files of other programs, which nobody opens to look for an image.
_OTHERS = frozenset(
    {
        ".txt", ".log", ".csv", ".tsv", ".xml", ".json", ".ini", ".cfg", ".yaml", ".yml", ".md",
        ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".rtf", ".odt", ".ods",
        ".html", ".htm", ".css", ".js", ".py", ".m", ".ijm", ".r", ".sh", ".bat", ".exe",
        ".dll", ".db", ".sqlite", ".zip", ".gz", ".tar", ".7z", ".rar", ".bak", ".lnk", ".url",
        ".h5", ".npy", ".npz", ".mat", ".pickle", ".pkl",
    }
)  # fmt: skip


def is_recognized_by_content(name: str) -> bool:
    """Say whether only the content can tell what a file of this name is."""
    _, dot, suffix = name.lower().rpartition(".")
    return dot + suffix not in _OTHERS and format_of_name(name) is None


def head(file: FoundFile, neighbours: Neighbours) -> bytes:
    """Return the first bytes of a file whose name tells nothing, or b""; each is read once."""
    if not is_recognized_by_content(file.name):
        return b""
    return neighbours.once(("head", file.place), lambda: _read(file.path))


def format_of_content(file: FoundFile, neighbours: Neighbours) -> ImageFormat | None:
    """Find the format of a file whose name tells nothing."""
    start = head(file, neighbours)
    return format_of_bytes(start) if start else None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb", buffering=0) as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""  # Preflight says it.
