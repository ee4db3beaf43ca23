"""What a person dropped on an import, and what of it stays outside the repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: Left-out files that are listed by name; what is more is counted.
MOST_LISTED = 2_000
#: So many of them are named in a sentence.
_NAMES_SHOWN = 3


class LeftOutReason(StrEnum):
    """Why a dropped file is not imported."""

    #: It cannot be imported as it is; code and sentence of an error say why.
    REFUSED = "refused"
    #: It could be imported, and the person did not tick it.
    NOT_CHOSEN = "not-chosen"
    #: The person said of this name that the file does not matter.
    IGNORED = "ignored"
    #: The person's own images hold it already: the SHA-1 of all of it is theirs.
    HELD = "held"

    @property
    def counts(self) -> bool:
        """The file is missed in the repository."""
        return self in (LeftOutReason.REFUSED, LeftOutReason.NOT_CHOSEN)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A dropped file, or a folder that is one thing, that is not imported.

    ``client_path`` begins with the name of what was dropped. ``code`` and ``sentence`` are
    those of the error for which it was refused.
    """

    client_path: str
    reason: LeftOutReason
    code: str = ""
    sentence: str = ""
    file_count: int = 1


@dataclass(frozen=True, slots=True)
class Drop:
    """Everything that was dropped for one import, beside the files that are imported."""

    #: Names of the files and folders that were dropped.
    roots: tuple[str, ...] = ()
    #: At most ``MOST_LISTED``; those that are missed come first.
    left_out: tuple[LeftOut, ...] = ()
    #: Files that were refused or not chosen.
    left_out_files: int = 0
    #: Files that the person, or the list of operating systems' own files, ignores by name.
    ignored_files: int = 0


@dataclass(frozen=True, slots=True)
class SourceScan:
    """What the workstation found when it last looked at what was dropped; counts of files."""

    looked_at: datetime
    #: Imported and verified files that were looked at, also those that are gone.
    files: int = 0
    #: Imported files that have other content now than what was imported.
    changed: int = 0
    #: Files that came into the dropped folders since.
    added: int = 0
    #: Files that could not be looked at.
    unreadable: int = 0
    #: Files that look other than before, whose content is still being compared.
    comparing: int = 0
    #: Client paths of some of these.
    names: tuple[str, ...] = ()
    #: Files that were left out because the repository holds them, and that are others now.
    held_changed: int = 0
    #: Files whose dropped folder is not there: deleted, renamed, or on a drive that is not
    #: connected. Nobody knows how they look.
    away: int = 0

    @property
    def imported_unchanged(self) -> bool:
        """Every imported file that is still there holds what was imported."""
        return not (self.changed or self.unreadable or self.comparing or self.away)

    def covers(self, files_verified: int) -> bool:
        """Say whether all that is verified was looked at: what came after was not."""
        return self.files >= files_verified

    @property
    def text(self) -> str:
        """What has changed, in a sentence's part; empty when nothing has."""
        parts = [
            f"{_files(count)} {text}"
            for count, text in (
                (self.changed, "changed since the import"),
                (self.held_changed, "left out as held already and changed since"),
                (self.added, "came into the folder since"),
                (self.unreadable, "cannot be looked at now"),
                (self.comparing, "being compared with what the repository holds"),
                (self.away, "not there now (deleted, moved or on a drive not connected)"),
            )
            if count
        ]
        if not parts:
            return ""
        return f"{', '.join(parts)}: {named(self.names, sum(self._counts))}"

    @property
    def _counts(self) -> tuple[int, ...]:
        return (
            self.changed,
            self.held_changed,
            self.added,
            self.unreadable,
            self.comparing,
            self.away,
        )


def left_out_text(count: int, names: Sequence[str]) -> str:
    """Say in a sentence how many files were left out, and which; empty for none."""
    if not count:
        return ""
    verb = "was" if count == 1 else "were"
    return f"{_files(count)} {verb} left out and not imported: {named(names, count)}."


def named(names: Sequence[str], count: int) -> str:
    """Name the first of ``count`` files: ``'a.tif', 'b.tif' and 3 more``."""
    shown = ", ".join(f"'{name}'" for name in names[:_NAMES_SHOWN])
    more = count - min(len(names), _NAMES_SHOWN)
    return f"{shown} and {more:,} more" if more > 0 else shown


def first_names(left_out: Sequence[LeftOut]) -> tuple[str, ...]:
    """Return the names that a sentence shows, of files that are missed."""
    missed = [one.client_path for one in left_out if one.reason.counts]
    return tuple(missed[:_NAMES_SHOWN])


def _files(count: int) -> str:
    return f"{count:,} {'file' if count == 1 else 'files'}"
