#!/usr/bin/env python3
"""Read a release's list of parts (CycloneDX), name what is under the GPL or tells no licence.

    python3 installers/sbom_licences.py sbom.json

Exit code 1 when there is one. Make the list from an environment without the extra ``omero``
(docs/release.md). Standard library only.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: GPL by one's own choice only: another licence is offered, or it is the Lesser GPL.
_GPL = re.compile(r"(?<!L)GPL|(?<!Lesser )General Public License", re.IGNORECASE)
_LESSER = re.compile(r"LGPL|Lesser General Public", re.IGNORECASE)


def is_gpl(licence: str) -> bool:
    """Say whether a licence's name, expression or classifier is that of the GPL."""
    return bool(_GPL.search(licence)) and not _LESSER.search(licence)


def licence_of(component: dict[str, Any]) -> str:
    """Return a component's licences in one line; empty when it names none."""
    return "; ".join(_names(component.get("licenses", [])))


def faults(sbom: dict[str, Any]) -> list[str]:
    """Return a line for each component that is under the GPL or names no licence."""
    found = []
    for component in sbom["components"]:
        licence, what = licence_of(component), f"{component['name']} {component.get('version')}"
        if not licence:
            found.append(f"{what}: no licence is named")
        elif is_gpl(licence):
            found.append(f"{what}: {licence}")
    return found


def _names(licences: list[dict[str, Any]]) -> Iterator[str]:
    for one in licences:
        inner = one.get("license", {})
        yield one.get("expression") or inner.get("id") or inner.get("name") or ""


def main() -> int:
    """Read the file that is named."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    sbom = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = faults(sbom)
    print(f"{len(sbom['components'])} parts, {len(found)} to look at")
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
