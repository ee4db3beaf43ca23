"""Tell of a PNG or JPEG what an image repository cannot show of it, from its head alone."""

from __future__ import annotations

from pathlib import Path

from transferapp.model.jpeg_kinds import why_jpeg_not_shown

_SIGNATURE_BYTES = 8
#: Chunks before the first that holds pixels; real files have a dozen.
_MOST_CHUNKS = 1024


def why_picture_not_shown(path: Path) -> str:
    """Say why a JPEG cannot be shown, as a sentence without its subject; or ""."""
    with path.open("rb") as file:
        return why_jpeg_not_shown(file)


def frames_of(path: Path) -> int:
    """Count the frames that a PNG says it has (chunk acTL, PNG third edition, 11.3.4.1)."""
    with path.open("rb") as file:
        file.seek(_SIGNATURE_BYTES)
        for _ in range(_MOST_CHUNKS):
            head = file.read(8)
            name = head[4:]
            if len(name) < 4 or name == b"IDAT":  # noqa: PLR2004 - cut off, or no animation
                return 1
            if name == b"acTL":
                return int.from_bytes(file.read(4), "big")
            # The chunk and its checksum.
            file.seek(int.from_bytes(head[:4], "big") + 4, 1)
    return 1
