"""Tables side by side in HQL: all pairs are meant, but those that are equal are looked up."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("omero")

_SMALL, _LARGE = 12, 48
#: Those that the adapter asks for each item of a set (the first ones of the list).
_FOR_EACH_ITEM = 3


def answered(records: int) -> list[dict[str, Any]]:
    """Run the queries in a process: the sandbox's modules change Ice."""
    argv = [sys.executable, "-m", "tests.support.omero_joined_tables", str(records)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def small() -> list[dict[str, Any]]:
    return answered(_SMALL)


def test_rows_are_those_of_all_pairs_in_their_order(small: list[dict[str, Any]]) -> None:
    for one in small:
        assert one["rows"] == one["meant"], one["query"]
    assert sum(bool(one["rows"]) for one in small) > len(small) / 2


def test_a_look_up_by_key_grows_with_the_records_not_their_pairs(
    small: list[dict[str, Any]],
) -> None:
    for less, more in list(zip(small, answered(_LARGE), strict=True))[:_FOR_EACH_ITEM]:
        assert more["comparisons"] <= less["comparisons"] * _LARGE / _SMALL, more["query"]
        assert more["comparisons"] <= 3 * _LARGE, more["query"]


def test_a_list_of_constants_is_read_once(small: list[dict[str, Any]]) -> None:
    listed = next(one for one in small if "(:ids)" in one["query"])
    assert listed["parameters read"] == 1
