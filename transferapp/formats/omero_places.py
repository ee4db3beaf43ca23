"""Why OMERO could not place the files of a fileset, in words for a person.

Told before anything is sent: OMERO itself says so when it has all files, or never.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from transferapp.formats.omero_path_rules import PathRules, parts_of, rules_of

#: The metadata of an OME-Zarr's root, one of which is the file to open.
ZARR_ROOTS = frozenset({".zattrs", ".zgroup", ".zarray", "zarr.json"})

#: OMERO cuts a path above the third folder of its least deep file, also where the files have
#: fewer folders in common; then the import cannot begin at all.
_KEPT_FOLDERS = 3
_ZARR_ENDS = re.compile(r"(\.ome)?(\.zarr)?$", re.IGNORECASE)


def no_place(paths: Sequence[str], stated_rules: str) -> str:
    """Say why these files, the one to open first, get no place of their own; "" when they do.

    Raises ValueError for rules that OMERO does not know.
    """
    rules = rules_of(stated_rules)
    parts = [parts_of(path) for path in paths]
    return _too_deep(parts) or _no_zarr(parts[0], rules) or _same_name(parts, rules)


def _same_name(parts: list[list[str]], rules: PathRules) -> str:
    safe: dict[str, str] = {}
    seen: dict[tuple[str, ...], list[str]] = {}
    for path in parts:
        for part in path:
            if part not in safe:
                safe[part] = rules.safe(part)
        other = seen.setdefault(tuple(safe[part] for part in path), path)
        if other != path:
            return (
                f"OMERO would store '{_joined(other)}' and '{_joined(path)}' under the same"
                ' name, because it changes characters such as : * ? " < > | and \\. Rename one'
                " of them, and import again."
            )
    return ""


def _too_deep(parts: list[list[str]]) -> str:
    shared = 0
    for names in zip(*(path[:-1] for path in parts), strict=False):
        if any(one != other for one, other in pairwise(names)):
            break
        shared += 1
    if min(map(len, parts)) - 1 - _KEPT_FOLDERS <= shared:
        return ""
    return (
        f"All files of this image lie more than {_KEPT_FOLDERS} folders below the folder"
        f" that they share, such as '{_joined(parts[0])}'. OMERO cannot take them so. Move them"
        " into fewer folders, and import again."
    )


def _no_zarr(first: list[str], rules: PathRules) -> str:
    """A Zarr is what OMERO finds at the first ``.zarr`` in a path, wherever that is."""
    if first[-1] not in ZARR_ROOTS:
        return ""
    if rules.safe(first[-1]) != first[-1]:
        return (
            f"This OMERO renames files such as '{_joined(first)}', so it cannot read OME-Zarr."
            " Ask its administrator to set omero.fs.repo.path_rules as OMERO has it by default,"
            " or export the image as OME-TIFF."
        )
    *above, folder = first[:-1] or [""]
    if not folder.endswith(".zarr") or folder.count(".zarr") > 1:
        better = _ZARR_ENDS.sub("", folder).replace(".zarr", "") or "image"
        return (
            f"OMERO knows an OME-Zarr only by a folder whose name ends in .zarr, and"
            f" '{_joined(first)}' is in none. Rename '{folder}' to '{better}.ome.zarr', and"
            " import again."
        )
    wrong = next((name for name in above if ".zarr" in name), "")
    if not wrong:
        return ""
    return (
        f"OMERO looks for an OME-Zarr at the first folder with .zarr in its name, and of"
        f" '{_joined(first)}' that is '{wrong}'. Rename '{wrong}', or import '{folder}' alone."
    )


def _joined(parts: list[str]) -> str:
    return "/".join(parts)
