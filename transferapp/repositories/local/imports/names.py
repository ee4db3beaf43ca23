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
    numbered = [f"{number} {name}" for number, name in enumerate(own, start=1)]
    reported = list(own)
    # A number in front may make a name that another image has: that one gets its number too.
    while often := {name for name, count in Counter(reported).items() if count > 1}:
        reported = [
            number if name in often else name
            for name, number in zip(reported, numbered, strict=True)
        ]
    return [f"{fileset_name} [{name}]" for name in reported]
