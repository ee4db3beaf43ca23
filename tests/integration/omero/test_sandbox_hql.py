"""The sandbox's parser understands every query that the installed clients hold."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("omero")

PACKAGES = ("omero", "ezomero", "napari_omero", "omero_cli_transfer")
#: Where a client builds a query of pieces, a piece alone is none.
_WHOLE = re.compile(r"^\s*(select\s.+?\sfrom|from)\s+[A-Z]\w+(\s|$)", re.DOTALL | re.IGNORECASE)
_LEAST = 140


def _literals(file: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in other people's strings
        tree = ast.parse(file.read_text(encoding="utf-8", errors="replace"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _files() -> Iterator[Path]:
    for package in PACKAGES:
        found = importlib.util.find_spec(package)
        for folder in (found.submodule_search_locations or []) if found else []:
            yield from Path(folder).rglob("*.py")


def queries() -> list[str]:
    """Return what opens like a query; a list that goes on elsewhere is a piece of one."""
    found = {text for file in _files() for text in _literals(file) if _WHOLE.match(text)}
    return sorted(text for text in found if not text.rstrip().endswith(","))


def filled(text: str) -> str:
    """Put something in the places that a client fills, and at the end of an open one."""
    text = re.sub(r"%s(?=[A-Za-z])", " ", re.sub(r"%sAnnotation", "ImageAnnotation", text))
    text = re.sub(r"%\(?\w*\)?[sdi]|\{\w*\}", "1", text).rstrip()
    if text.count("'") % 2:
        return text + "'"
    return text + " 1" if text.endswith("=") else text


def test_every_query_is_parsed() -> None:
    whole = queries()
    assert len(whole) >= _LEAST
    code = (
        "import json, sys\n"
        "from transferapp.sandbox.omero_sandbox.hql_parser import HqlError, parse\n"
        "bad = []\n"
        "for text in json.load(sys.stdin):\n"
        "    try: parse(' '.join(text.split()))\n"
        "    except HqlError as error: bad.append([text, str(error)])\n"
        "print(json.dumps(bad))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps([filled(q) for q in whole]),
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == []
