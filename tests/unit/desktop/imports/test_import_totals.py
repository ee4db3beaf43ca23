"""Totals that are kept row by row are those of all rows, whatever was done to the list."""

from __future__ import annotations

import random
import threading
from collections.abc import Collection
from dataclasses import replace

from transferapp.client.dropping import Why
from transferapp.desktop.imports.list import DuplicateOf, FilesetRow, row_of
from transferapp.desktop.imports.rows import Change, ImportRows
from transferapp.desktop.imports.totals import ImportTotals
from transferapp.errors import ChangedFile, UnsupportedFile
from transferapp.host.collecting import is_seldom, let_go, seldom_collecting
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.formats import TIFF
from transferapp.intake.preflight import PreflightResult, PreflightSettings, Severity
from transferapp.intake.scanning import FoundFile
from transferapp.model.drops import LeftOutReason

HELD = DuplicateOf("there", Why(LeftOutReason.HELD))
RESULTS = (
    PreflightResult(Severity.OK, "", "", 9, 1, "TIFF, 1 file", "TIFF"),
    PreflightResult(Severity.WARNING, "", "It is large.", 9, 1, "TIFF, 1 file", "TIFF"),
    PreflightResult(
        Severity.BLOCKED, "damaged_file", "It is cut.", 9, 1, "TIFF, 1 file", "TIFF"
    ),
    PreflightResult(
        Severity.WARNING, ChangedFile.code, "It is being written.", 9, 1, "TIFF, 1 file"
    ),
    PreflightResult(
        Severity.BLOCKED, UnsupportedFile.code, "Nobody knows.", 9, 1, "Unknown", unknown=True
    ),
)


def a_row(number: int) -> FilesetRow:
    result = RESULTS[number % len(RESULTS)]
    file = FoundFile(f"/data/f{number}", f"data/f{number}", 9, 1)
    known = None if result.unknown else TIFF
    return row_of(FilesetCandidate(f"f{number}", (file,), known), result, PreflightSettings())


MADE = [a_row(number) for number in range(40)]
KEYS = [row.key for row in MADE]


def know(rows: ImportRows, held: Collection[str]) -> None:
    rows.know(lambda row: HELD if row.key in held else None, held)
    assert {row.key for row in rows.all if row.held} <= set(held)


def something(chance: random.Random) -> Change:
    """Return anything that a person or a look does to a list."""
    keys, found, on = chance.sample(KEYS, 5), chance.sample(MADE, 30), chance.random() < 0.5
    changes: tuple[Change, ...] = (
        lambda rows: rows.include(keys, included=on),
        lambda rows: rows.ignore(keys, ignored=on),
        lambda rows: know(rows, keys),
        lambda rows: rows.remove(keys[:1]),
        lambda rows: rows.add(found[:3]),
        lambda rows: rows.judge_again(found),
        lambda rows: rows.judged(replace(row, anyway=on) for row in found[:3]),
    )
    return chance.choice(changes)


def test_they_are_those_of_all_rows() -> None:
    chance, rows = random.Random(3), ImportRows()  # noqa: S311 - the same each time
    rows.add(MADE)
    seen = set[str]()
    for _ in range(300):
        something(chance)(rows)
        assert rows.totals == ImportTotals.of(rows.all)
        assert rows.totals.left_out == len(rows.all) - len(rows.included)
        seen |= {name for name in ImportTotals.__slots__ if getattr(rows.totals, name)}
    assert seen == set(ImportTotals.__slots__), "each of them was met"


def test_a_copy_is_counted_by_itself() -> None:
    rows = ImportRows()
    rows.add([a_row(0), a_row(5)])
    made = rows.copy()
    made.include([a_row(0).key], included=False)
    assert (rows.totals.included, made.totals.included) == (2, 1)
    assert len(rows.included) == 2


def test_what_is_let_go_is_gone_and_other_threads_go_on() -> None:
    things = {number: [number] for number in range(200_000)}
    thread = threading.Thread(target=let_go, args=(things,))
    thread.start()
    turns = 0
    while thread.is_alive():
        turns += 1
    assert not things
    assert turns > 1


def test_while_very_much_is_made_nothing_is_searched() -> None:
    assert not is_seldom()
    with seldom_collecting(), seldom_collecting():
        assert is_seldom()
    assert not is_seldom()
