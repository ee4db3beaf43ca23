"""``python -m transferapp.sandbox.samples``: make the sample images anew."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
from pathlib import Path

from transferapp.host.logging import configure_logging
from transferapp.host.resources import resource
from transferapp.sandbox.samples.broken import broken
from transferapp.sandbox.samples.packages import CELL, CLUSTER, cluster_zarr, ecoli
from transferapp.sandbox.samples.sets import SETS

ECOLI_FOLDER = "ome-tiff-companion-ecoli"
CLUSTER_FOLDER = "ome-zarr-v04-confocal-5d"


def make(root: Path, microfilm: Path | None = None) -> None:
    """Make all samples in a folder; what packages ship is copied from the ones that are kept.

    ``microfilm`` is microfilm's source archive; without it the E. coli stay as they are.
    """
    root.mkdir(parents=True, exist_ok=True)
    for name, fill in SETS.items():
        show(name)
        fill(emptied(root / name))
    if microfilm is not None:
        show(ECOLI_FOLDER)
        ecoli(emptied(root / ECOLI_FOLDER), microfilm)
    for shipped in (CELL, CLUSTER):
        copy_kept(shipped.kept, root)
    if importlib.util.find_spec("nd2") is None:
        show(f"{CLUSTER_FOLDER} stays as it is: it needs transferapp[readers]")
    else:
        show(CLUSTER_FOLDER)
        cluster_zarr(emptied(root / CLUSTER_FOLDER), root / CLUSTER.kept)
    show("broken")
    emptied(root / "broken")
    broken(root)


def emptied(folder: Path) -> Path:
    """Return the folder without what it held."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    return folder


def copy_kept(name: str, root: Path) -> None:
    """Copy a file that a package ships, unless it is where it should be."""
    source, target = resource("sample-data") / name, root / name
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)


def show(text: str) -> None:
    """Tell the terminal."""
    print(text, flush=True)  # noqa: T201


def main() -> None:
    """Parse the arguments and make."""
    configure_logging("samples", private=False)
    parser = argparse.ArgumentParser(prog="samples", description=__doc__)
    parser.add_argument("--into", type=Path, default=resource("sample-data"), metavar="FOLDER")
    parser.add_argument(
        "--microfilm",
        type=Path,
        metavar="ARCHIVE",
        help="convert the E. coli from microfilm-0.3.0.tar.gz, from PyPI",
    )
    given = parser.parse_args()
    make(given.into, given.microfilm)


if __name__ == "__main__":
    main()
