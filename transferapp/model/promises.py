"""The three promises, computed here and nowhere else from what server and workstation know.

Each side gives its facts (``ledger/stores/rows.py``, ``agent/promises.py``); who hears of both
joins their promises. Never guessed: what is not known is not promised.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transferapp.model.drops import SourceScan


@dataclass(frozen=True, slots=True)
class Promises:
    """What a person may do now; always shown apart and never wrong."""

    safe_to_log_off: bool
    safe_to_switch_off: bool
    #: The repository holds everything that was dropped, imported now or before, but for
    #: what is ignored by name.
    safe_to_delete_source: bool
    #: The repository holds the imported files as they are on the workstation now; others
    #: that were dropped beside them may exist nowhere else.
    safe_to_delete_imported: bool = False

    def joined(self, other: Promises) -> Promises:
        """Return what both sides promise together.

        Bytes that have moved stay moved: one side's word is enough, the other may just not
        know yet. What may be deleted, both must say: a source can change, an item can fail.
        """
        return Promises(
            self.safe_to_log_off or other.safe_to_log_off,
            self.safe_to_switch_off or other.safe_to_switch_off,
            self.safe_to_delete_source and other.safe_to_delete_source,
            self.safe_to_delete_imported and other.safe_to_delete_imported,
        )

    def of_unseen_source(self) -> Promises:
        """Return what is left of them while nobody can look at the source: what was seen last
        may be past.
        """
        return replace(self, safe_to_delete_source=False, safe_to_delete_imported=False)


@dataclass(frozen=True, slots=True)
class ImportFacts:
    """What is known of an import and its source, on either side."""

    items: int
    #: Items of which the repository holds every byte, checked, and has made images.
    items_verified: int
    #: The files of these items.
    files_verified: int
    #: Files that were dropped and are missed in the repository; None: nobody said.
    left_out_files: int | None
    #: What the workstation found at its last look; None: it has not looked since.
    look: SourceScan | None


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """What one side knows of a transfer."""

    #: It is in the workstation's outbox: it goes on without the person. Only the workstation
    #: knows that.
    in_outbox: bool
    #: It has ended, and nothing of it moves any more.
    ended: bool
    #: Import: the server has all files of each item, or the item has ended.
    arrived: bool
    #: Import: of its source. None for an export: it has no source on the workstation.
    source: ImportFacts | None


def promised(facts: TransferFacts) -> Promises:
    """Say what a person may do now.

    Switch off: no byte has to move between workstation and server any more. Log off: also
    while the workstation service moves them. Delete: see ``Promises``. An export needs the
    workstation until its last file is in place.
    """
    if facts.source is None:
        moved, delete = facts.ended, (False, False)
    else:
        moved, delete = facts.ended or facts.arrived, _safe_to_delete(facts.source)
    return Promises(facts.in_outbox or moved, moved, *delete)


def _safe_to_delete(facts: ImportFacts) -> tuple[bool, bool]:
    """Say whether the whole source, and whether the imported files may be deleted."""
    scan = facts.look
    if scan is None or not scan.imported_unchanged or not scan.covers(facts.files_verified):
        return False, False
    imported = facts.items_verified > 0
    all_of_it = facts.items_verified == facts.items and facts.left_out_files == 0
    whole = all_of_it and not (scan.added or scan.held_changed)
    return imported and whole, imported
