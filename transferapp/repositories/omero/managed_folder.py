"""Places in OMERO's managed repository, as this process sees its folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from transferapp.errors import Internal


def location_in(root: Path, inside: str) -> Path:
    """Return where a path of the repository is on this computer; raises Internal."""
    parts = PurePosixPath(inside.lstrip("/")).parts
    if ".." in parts:
        raise Internal(f"OMERO tells a path that leaves its repository: {inside}")
    return root.joinpath(*parts)
