"""Whether OMERO can place the files of a fileset."""

from __future__ import annotations

from transferapp.errors import Invalid
from transferapp.model.filesets import FilesetPlan
from transferapp.repositories.omero.path_rules import USUAL_RULES, parts_of, rules_of

#: The metadata of an OME-Zarr's root, one of which is the file to open.
ZARR_ROOTS = frozenset({".zattrs", ".zgroup", ".zarray", "zarr.json"})

#: OMERO cuts a path above the third folder of its least deep file, also where the files have
#: fewer folders in common; then the import cannot begin at all.
_KEPT_FOLDERS = 3


def check_places(plan: FilesetPlan) -> None:
    """Look whether each file gets a place of its own; raises Invalid."""
    paths = [file.client_path for file in plan.files]
    _check_depth(paths)
    _check_zarr(parts_of(paths[0]))
    rules, seen = rules_of(USUAL_RULES), dict[str, str]()
    for path in paths:
        other = seen.setdefault(rules.safe_path(path), path)
        if other != path:
            raise Invalid(
                f"OMERO would store '{other}' and '{path}' under the same name, because it"
                ' changes characters such as : * ? " < > | and \\. Rename one of them, and'
                " import again."
            )


def _check_depth(paths: list[str]) -> None:
    parts = [parts_of(path) for path in paths]
    folders = zip(*(path[:-1] for path in parts), strict=False)
    shared = 0
    for names in folders:
        if len(set(names)) > 1:
            break
        shared += 1
    if min(map(len, parts)) - 1 - _KEPT_FOLDERS > shared:
        raise Invalid(
            f"All files of this image lie more than {_KEPT_FOLDERS} folders below the folder"
            f" that they share, such as '{paths[0]}'. OMERO cannot take them so. Move them into"
            " fewer folders, and import again."
        )


def _check_zarr(first: list[str]) -> None:
    """A Zarr is what OMERO finds at the first ``.zarr`` in a path, wherever that is."""
    if first[-1] not in ZARR_ROOTS:
        return
    if [".zarr" in folder for folder in first[:-1]].count(True) == 1 and (
        len(first) > 1 and first[-2].endswith(".zarr") and first[-2].count(".zarr") == 1
    ):
        return
    raise Invalid(
        f"OMERO reads a Zarr only in a folder whose name ends in .zarr, such as cells.ome.zarr,"
        f" below folders without .zarr in theirs. '{'/'.join(first)}' is not so. Rename the"
        " folder, and import again."
    )
