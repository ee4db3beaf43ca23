"""What images are called: the fileset's name first, the series in brackets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def image_names(fileset_name: str, series: Sequence[str]) -> list[str]:
    """Name the images of a fileset as OMERO does: one by its file, several ``file [series]``.

    ``series`` holds each image's own name, empty where it has none. All names differ, and
    two files that both call an image "Position 1" can still be told apart.
    Source: ome/omero-blitz, ``ImportLibrary`` and ``ManagedImportRequestI`` (5.6).
    """
    if len(series) == 1:
        return [fileset_name]
    own = [name.strip() or str(number) for number, name in enumerate(series, start=1)]
    often = Counter(own)
    return [
        f"{fileset_name} [{name}]" if often[name] == 1 else f"{fileset_name} [{number} {name}]"
        for number, name in enumerate(own, start=1)
    ]
