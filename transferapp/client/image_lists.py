"""Lists of images that people keep in files: one image a line, or a column of a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from transferapp.client.csv_files import csv_rows
from transferapp.errors import Invalid
from transferapp.model.containers import is_id

#: The heading of the column that names images; in letters of either case.
COLUMN = "image"
#: That of the list of images beside an export, where ``image`` is the name.
LISTED_COLUMN = "image_id"
_KIND = "image"


def read_image_list(path: Path) -> list[int]:
    """Return the ids in a file, each once, in its order.

    Each line is ``Image:12`` or ``12``, or there is a line of headings (CSV or TSV) with one
    column ``image`` or ``image_id``. Raises Invalid, which names the line, and SourceProblem.
    """
    rows = csv_rows(path)
    first = next(rows, None)
    if first is None:
        raise Invalid(f"'{path.name}' is empty. Write one image a line, like Image:12.")
    headings = [cell.strip().lower() for cell in first[1]]
    for column in (LISTED_COLUMN, COLUMN):
        if column in headings:
            return list(dict.fromkeys(_of_column(rows, headings.index(column), path)))
    return list(dict.fromkeys(_of_line(row, path) for row in (first, *rows)))


def _of_column(rows: Iterator[tuple[int, list[str]]], column: int, path: Path) -> Iterator[int]:
    for line, cells in rows:
        cell = cells[column].strip() if column < len(cells) else ""
        if cell:
            yield _id(cell, line, path)


def _of_line(row: tuple[int, list[str]], path: Path) -> int:
    line, cells = row
    given = [cell.strip() for cell in cells if cell.strip()]
    if len(given) > 1:
        raise Invalid(
            f"'{path.name}', line {line}: there are several columns, and none has the heading"
            f" '{COLUMN}'. Name the column of the images so."
        )
    return _id(given[0], line, path)


def _id(text: str, line: int, path: Path) -> int:
    kind, _, number = text.rpartition(":")
    if kind.lower() not in {"", _KIND} or not is_id(number):
        raise Invalid(
            f"'{path.name}', line {line}: '{text}' is no image. Write it like Image:12 or 12."
        )
    return int(number)
