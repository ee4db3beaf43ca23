"""One word per idea: no term and no public class twice, and no word that is gone."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

import retired_terms

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
CODE = sorted((ROOT / "transferapp").rglob("*.py"))
_CLASS = re.compile(r"^class ([A-Z]\w+)", re.MULTILINE)
#: Phrases that were given up, and what says it now.
GONE = {
    "only_from: Sequence[ItemState]": "a Move of model/moves.py",
    "set_state(item": "Ledger.move",
    "_GOES_ON": "Move.start",
    "OrderedDict": "cachetools",
}


def terms(text: str) -> list[str]:
    """Return the terms of the tables, each by itself."""
    rows = re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
    found = [term.strip() for row in rows for term in row.split(",")]
    return [term for term in found if term and term != "Word" and not term.startswith("-")]


def test_no_term_is_defined_twice() -> None:
    found = terms(GLOSSARY.read_text(encoding="utf-8"))
    assert len(found) > 60
    assert sorted(term for term in set(found) if found.count(term) > 1) == []


def test_no_public_class_has_a_name_twice() -> None:
    places = defaultdict(list)
    for path in CODE:
        for name in _CLASS.findall(path.read_text(encoding="utf-8")):
            places[name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


@pytest.mark.parametrize("phrase", GONE)
def test_phrases_that_are_gone_stay_away(phrase: str) -> None:
    allowed = {ROOT / "transferapp/host/database_errors.py"}  # A sentence of its own.
    found = [
        str(path.relative_to(ROOT))
        for path in CODE
        if path not in allowed and phrase in path.read_text(encoding="utf-8")
    ]
    assert found == [], f"use {GONE[phrase]}"


def test_names_have_no_word_that_is_gone() -> None:
    found = retired_terms.left_in_tree(ROOT)
    assert [f"{one.path}: {one.name}" for one in found] == []


def test_what_is_allowed_is_still_needed() -> None:
    """A name that nobody has any more needs no leave."""
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("transferapp", "tests", "installers")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "retired_terms.py"
    )
    seen = set(re.findall(r"\w+", text))
    assert [name for name in retired_terms.ALLOWED if name not in seen] == []


def test_glossary_defines_no_word_that_is_gone() -> None:
    found = terms(GLOSSARY.read_text(encoding="utf-8"))
    assert [term for term in found if retired_terms.has_gone_word(term)] == []


def test_the_tests_bite() -> None:
    assert terms("| a, b | x |\n| b | y |\n") == ["a", "b", "b"]
    assert _CLASS.findall("class One:\nclass Two(Protocol):\n    class Inner:\n") == [
        "One",
        "Two",
    ]
    code = "class TroubleMaker:\n    trouble: str\ndef f(told): ...\nx.trouble = 1\n"
    code += "def test_it_is_told(): ...\n"
    assert {one.name for one in retired_terms.left_in(code, "a/janitor.py")} == {
        "TroubleMaker",
        "told",
        "janitor",
    }
