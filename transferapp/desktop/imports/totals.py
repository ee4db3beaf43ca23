"""How much of an import list goes where, kept up to date row by row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from transferapp.desktop.imports.list import FilesetRow


@dataclass(slots=True)
class ImportTotals:
    """Counts of rows; ``files`` and ``size_bytes`` are those of the ``included``.

    Adding up 100,000 rows for each tick would hold the window for as long as it takes to
    see it.
    """

    rows: int = 0
    included: int = 0
    files: int = 0
    size_bytes: int = 0
    ignored: int = 0
    #: No images as far as anybody knows.
    others: int = 0
    #: Still being written.
    writing: int = 0
    unticked: int = 0
    #: Unticked, and the person's own images hold every byte of it.
    held: int = 0
    blocked: int = 0
    #: May become importable by waiting.
    unsettled: int = 0

    @classmethod
    def of(cls, rows: Iterable[FilesetRow]) -> ImportTotals:
        """Add up rows."""
        made = cls()
        for row in rows:
            made.count(row)
        return made

    @property
    def left_out(self) -> int:
        """How many are not included."""
        return self.rows - self.included

    def copy(self) -> ImportTotals:
        """Return the same, to be changed by itself."""
        return replace(self)

    def count(self, row: FilesetRow, by: int = 1) -> None:
        """Take in a row; ``by`` -1 takes it out again."""
        self.rows += by
        if row.unsettled:
            self.unsettled += by
        if row.included:
            self.included += by
            self.files += by * row.file_count
            self.size_bytes += by * row.size_bytes
        elif row.ignored:
            self.ignored += by
        elif row.other:
            self.others += by
        elif row.unsettled:
            self.writing += by
        elif not row.can_include:
            self.blocked += by
        elif row.is_held:
            self.held += by
        else:
            self.unticked += by
