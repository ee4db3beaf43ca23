"""A table as text for a pipe or file, laid out as rich draws it on a screen without an end.

rich takes a tenth of what handing an import over takes; here only its widths of characters
are needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TypeAlias

from rich.cells import cell_len

#: The lines of one cell.
Cell: TypeAlias = Sequence[str]

_GAP = "  "


def lines_of_table(titles: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """Yield the lines; every column is as wide as its widest text, also the last."""
    grid = [[[title] for title in titles], *rows]
    widths = [
        max(cell_len(line) for cell in column for line in cell)
        for column in zip(*grid, strict=True)
    ]
    for row in grid:
        for line in zip_longest(*row, fillvalue=""):
            yield _GAP.join(
                _padded(text, width) for text, width in zip(line, widths, strict=True)
            )


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
