"""The three promises, computed in one place from what server or workstation know.

Never guessed: what is not known is not promised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transferapp.model.drops import SourceLook


@dataclass(frozen=True, slots=True)
class Promises:
    """What a person may do now; always shown apart and never wrong."""

    safe_to_log_off: bool
    safe_to_switch_off: bool
    #: The repository holds everything that was dropped, but for what is ignored by name.
    safe_to_delete_source: bool
    #: The repository holds the imported files as they are on the workstation now; others
    #: that were dropped beside them may exist nowhere else.
    safe_to_delete_imported: bool = False


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
    look: SourceLook | None


def safe_to_delete(facts: ImportFacts) -> tuple[bool, bool]:
    """Say whether the whole source, and whether the imported files may be deleted."""
    look = facts.look
    # What was verified after the look was not looked at.
    if look is None or not look.imported_unchanged or look.files < facts.files_verified:
        return False, False
    imported = facts.items_verified > 0
    all_of_it = facts.items_verified == facts.items and facts.left_out_files == 0
    return imported and all_of_it and look.added == 0, imported
