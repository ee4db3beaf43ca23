"""Rows of tables that people saved as CSV or TSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from transferapp.errors import Invalid
from transferapp.intake.file_names import problem_of

MOST_TABLE_BYTES = 64 << 20
_DELIMITERS = "\t;,"


def csv_rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold anything, each with the number of its (last) line.

    Separated by whatever the first row is separated by: tab, semicolon or comma. Raises
    Invalid, SourceProblem.
    """
    lines = _text(path).splitlines(keepends=True)
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            # The line of column types that OMERO.tables are filled by.
            if any(cell.strip() for cell in cells) and not cells[0].startswith("# header"):
                yield reader.line_num, cells
    except csv.Error as error:
        raise Invalid(f"'{path.name}', line {reader.line_num}: {error}.") from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_TABLE_BYTES:
            raise Invalid(f"'{path.name}' is larger than {MOST_TABLE_BYTES >> 20} MiB.")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise Invalid(f"There is no file '{path}'. Check the path.") from error
    except OSError as error:
        raise problem_of(error, path) from error
    except UnicodeDecodeError:
        raise Invalid(f"'{path.name}' is not in UTF-8. Save it as CSV in UTF-8.") from None
