"""The versions that are pinned for each Python are ones that pyproject.toml allows."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PINS = sorted((ROOT / "installers").glob("constraints-py*.txt"))


#: Groups that are installed into environments of their own, with versions of their own.
APART = {"export-clients", "omero-programs"}


def requirements() -> list[Requirement]:
    read = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = [*read["project"]["optional-dependencies"].values()]
    groups = read["dependency-groups"].items()
    named += [group for name, group in groups if name not in APART]
    lines = [*read["project"]["dependencies"], *(line for group in named for line in group)]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_pins_are_within_the_bounds(path: Path) -> None:
    digits = path.stem.rpartition("-py")[2]
    python = f"{digits[0]}.{digits[1:]}"
    pins = [Requirement(line) for line in path.read_text().splitlines() if "==" in line]
    pinned = {canonicalize_name(pin.name): pin for pin in pins}
    outside = []
    for wanted in requirements():
        pin = pinned.get(canonicalize_name(wanted.name))
        marker = wanted.marker
        if pin is None or (marker and not marker.evaluate({"python_version": python})):
            continue
        [exact] = pin.specifier
        if not wanted.specifier.contains(exact.version):
            outside.append(f"{pin}: {wanted}")
    assert outside == []
