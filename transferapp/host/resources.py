"""The one reader of ``resources/``: icons, translations, sample data."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def resource(*parts: str) -> Path:
    """Return the path of a resource, from the wheel or from the source tree.

    A wheel carries the folder as ``transferapp/_resources``, that of transferapp-sandbox the
    sample data; a source tree has it beside the package. Raises FileNotFoundError.
    """
    for root in (_PACKAGE / "_resources", _PACKAGE.parent / "resources"):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError("/".join(parts))
