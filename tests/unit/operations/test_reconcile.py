"""The promise behind "safe to delete the source"."""

from __future__ import annotations

from dataclasses import replace

import pytest

from transferapp.errors import Corrupt
from transferapp.ledger.port import HeldFiles
from transferapp.model.filesets import Fileset, FilesetPlan, PlannedFile
from transferapp.model.images import OriginalFile
from transferapp.model.skips import Skip
from transferapp.model.transfers import TransferFile
from transferapp.operations.reconcile import check_reconciled, held_files

PLAN = FilesetPlan(
    key="k",
    name="n",
    files=(PlannedFile("a.tif", 3, "aa"), PlannedFile("b.tif", 4, "bb")),
    target=None,
    group_id=1,
)
MADE = Fileset(1, "k", (7,))


def held(name: str, size: int, sha1: str) -> OriginalFile:
    return OriginalFile(1, 1, name, size, "SHA1-160", sha1)


def test_all_bytes_and_images() -> None:
    check_reconciled(MADE, PLAN, [held("b_.tif", 4, "BB"), held("a.tif", 3, "aa")])


@pytest.mark.parametrize(
    "files",
    [
        [held("a.tif", 3, "aa")],
        [held("a.tif", 3, "aa"), held("b.tif", 4, "xx")],
        [held("a.tif", 3, "aa"), held("b.tif", 5, "bb")],
        [held("a.tif", 3, "aa"), held("b.tif", 4, "")],
    ],
    ids=["missing", "other hash", "other size", "no hash"],
)
def test_anything_else_is_no_promise(files: list[OriginalFile]) -> None:
    with pytest.raises(Corrupt, match=r"b\.tif.*Keep the source"):
        check_reconciled(MADE, PLAN, files)


def test_where_checksums_are_skipped_sizes_count() -> None:
    plan = replace(PLAN, skip=frozenset({Skip.CHECKSUM}))
    check_reconciled(MADE, plan, [held("a.tif", 3, "x"), held("b.tif", 4, "y")])
    with pytest.raises(Corrupt):
        check_reconciled(MADE, plan, [held("a.tif", 3, "aa"), held("b.tif", 5, "bb")])


def test_equal_files_are_counted() -> None:
    twice = FilesetPlan("k", "n", (PLAN.files[0], PLAN.files[0]), None, 1)
    with pytest.raises(Corrupt):
        check_reconciled(MADE, twice, [held("a.tif", 3, "aa")])


def test_no_images_is_no_promise() -> None:
    with pytest.raises(Corrupt, match="no images"):
        check_reconciled(Fileset(1, "k"), PLAN, [held("a", 3, "aa"), held("b", 4, "bb")])


def sent(number: int, path: str, size: int, sha1: str) -> TransferFile:
    return TransferFile(f"f{number}", "i", path, size, size, sealed=True, sha1=sha1)


def test_which_of_the_repositorys_files_is_which() -> None:
    """By bytes, as names may be sanitized; of equal ones the one at the same path."""
    files = (
        sent(1, "a:1.tif", 3, "aa"),
        sent(2, "b.tif", 4, "bb"),
        sent(3, "c.tif", 4, "bb"),
        sent(4, "gone.tif", 5, "ee"),
    )
    there = [
        OriginalFile(11, 9, "a_1.tif", 3, "SHA1-160", "AA"),
        OriginalFile(13, 9, "c.tif", 4, "SHA1-160", "bb"),
        OriginalFile(12, 9, "b_.tif", 4, "SHA1-160", "bb"),
    ]
    found = held_files(Fileset(9, "k", (7,)), files, there)
    assert found == HeldFiles(9, {"f1": 11, "f2": 12, "f3": 13})
