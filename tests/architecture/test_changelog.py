"""The changelog has a section for each version, the newest first, and the version is one."""

from __future__ import annotations

import re
from pathlib import Path

import transferapp

ROOT = Path(__file__).resolve().parents[2]
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+) - (\d{4}-\d\d-\d\d|not released yet)")
_KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_sections_are_versions_the_newest_first() -> None:
    text = (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8")
    first, *rest = _HEADING.findall(text)
    assert first == "Unreleased"
    read = [_VERSION.fullmatch(heading) for heading in rest]
    numbers = [tuple(int(one[n]) for n in (1, 2, 3)) for one in read if one]
    assert len(numbers) == len(rest), rest
    assert numbers == sorted(numbers, reverse=True)
    assert ".".join(map(str, numbers[0])) == transferapp.__version__
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= _KINDS


def test_the_citation_has_the_same_version() -> None:
    text = (ROOT / "docs" / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {transferapp.__version__}" in text.splitlines()
