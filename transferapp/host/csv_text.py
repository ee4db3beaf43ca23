"""CSV for people and programs: spreadsheets open it, and calculate nothing of it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

#: In front of a file: Excel takes a CSV without it for one in the encoding of the country.
CSV_MARK = codecs.BOM_UTF8.decode()
#: A spreadsheet would calculate what begins so.
_FORMULA = ("=", "+", "-", "@")
_SPACE = re.compile(r"[\s\x00-\x1f]+")


def csv_cell(text: str) -> str:
    """Return a text on one line, that no spreadsheet takes for a formula."""
    line = _SPACE.sub(" ", text).strip()
    return f"'{line}" if line.startswith(_FORMULA) else line


def csv_lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield each row as a line."""
    line = io.StringIO()
    writer = csv.writer(line)
    for row in rows:
        writer.writerow(row)
        yield line.getvalue()
        line.seek(0)
        line.truncate()
