"""Whoever installs TransferApp without the extra ``omero`` gets no GPL program with it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import sbom_licences as sbom

EXTRAS = ("", "desktop", "server", "readers", "sqlite")


def test_only_the_extra_omero_brings_gpl() -> None:
    brought = {name for extra in EXTRAS for name in _closure("transferapp", extra)}
    assert len(brought) > 60, "the environment of the tests has all extras"
    gpl = {name: _licence(name) for name in sorted(brought) if sbom.is_gpl(_licence(name))}
    assert not gpl


def test_the_extra_omero_does() -> None:
    pytest.importorskip("omero")
    assert {"omero-py", "zeroc-ice"} <= {
        name for name in _closure("transferapp", "omero") if sbom.is_gpl(_licence(name))
    }


@pytest.mark.parametrize(
    ("licence", "is_gpl"),
    [
        ("GPL-2.0", True),
        ("GNU General Public License v2 or later (GPLv2+)", True),
        ("GPL-3.0-only AND MIT", True),
        ("LGPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("LGPL-3.0-only OR GPL-2.0-only OR GPL-3.0-only", False),
        ("MIT", False),
    ],
)
def test_what_is_gpl(licence: str, is_gpl: bool) -> None:
    assert sbom.is_gpl(licence) is is_gpl


def test_a_list_of_parts_is_read() -> None:
    """As cyclonedx-bom 7 writes them: an id, an expression, or a name."""
    parts = [
        {"name": "a", "version": "1", "licenses": [{"license": {"id": "MIT"}}]},
        {"name": "b", "version": "1", "licenses": [{"expression": "GPL-3.0-only AND MIT"}]},
        {"name": "c", "version": "1", "licenses": [{"license": {"name": "LGPLv3"}}]},
        {"name": "d", "version": "1"},
    ]
    assert sbom.faults({"components": parts}) == [
        "b 1: GPL-3.0-only AND MIT",
        "d 1: no licence is named",
    ]


def test_every_package_states_its_licence() -> None:
    brought = {name for extra in EXTRAS for name in _closure("transferapp", extra)}
    assert not [name for name in sorted(brought) if not _licence(name)]


def _licence(name: str) -> str:
    metadata = distribution(name).metadata
    classifiers = metadata.get_all("Classifier") or []
    reported = [one for one in classifiers if one.startswith("License ::")]
    fields = [metadata.get_all(name) or [""] for name in ("License-Expression", "License")]
    return fields[0][0] or "; ".join(reported) or fields[1][0]


def _closure(name: str, extra: str, seen: set[tuple[str, str]] | None = None) -> Iterator[str]:
    """Yield what installing a package with an extra brings, as far as it is installed here."""
    seen = set() if seen is None else seen
    if (name, extra) in seen or (found := _installed(name)) is None:
        return
    seen.add((name, extra))
    for text in found.requires or []:
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": extra}):
            continue
        below = canonicalize_name(wanted.name)
        if _installed(below) is not None:
            yield below
        for one in ("", *wanted.extras):
            yield from _closure(below, one, seen)


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None
