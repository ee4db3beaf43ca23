"""Say what of an import the repository holds already, and what was compared to know it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from transferapp.client.dropping import Why
from transferapp.client.duplicates import Duplicates
from transferapp.model.drops import LeftOutReason
from transferapp.model.duplicates import DuplicateFileset
from transferapp.protocol.duplicates import MAX_FILES_ASKED

#: So many places are named in a sentence.
_PLACES_SHOWN = 2
_ENDS = "size, first and last MiB"
_OF_SOME = f"{_ENDS} of the {MAX_FILES_ASKED} largest files"


def hint(found: Sequence[Duplicates | None]) -> str:
    """Return what to tell a person before the import; empty when nothing is there."""
    sure = [one for one in found if one and one.is_sure]
    alike = [one for one in found if one and not one.is_sure]
    sentences = []
    if sure:
        subject, verb = _counted(len(sure), len(found), "is", "are")
        sentences.append(
            f"{subject} {verb} in the repository already, byte for byte{_places(sure)}."
        )
    if alike:
        subject, verb = _counted(len(alike), len(found), "looks", "look")
        what = "what is in the repository"
        if sure:
            subject, what = f"{len(alike):,}", "what is there"
        compared = _OF_SOME if any(one.is_sample for one in alike) else _ENDS
        sentences.append(f"{subject} {verb} the same as {what}: {compared}{_places(alike)}.")
    return " ".join(sentences)


def own_first(duplicates: Duplicates, username: str) -> Duplicates:
    """Return it with the person's own filesets before those of others."""
    ordered = sorted(duplicates.filesets, key=lambda duplicate: duplicate.owner != username)
    return replace(duplicates, filesets=tuple(ordered))


def row_text(duplicates: Duplicates) -> str:
    """Say it in few words, for a list."""
    where = duplicates.filesets[0].where
    return (
        f"In the repository already: {where}" if duplicates.is_sure else f"Looks like {where}"
    )


def unprovable(duplicates: Duplicates, username: str) -> str:
    """Say of a fileset that was read whole why it is imported all the same."""
    where = _chosen(duplicates, username).where
    return (
        f"Looks the same as {where} ({_ENDS}), but the repository keeps no SHA-1 to compare"
        " the rest with. It is imported."
    )


def why_left_out(duplicates: Duplicates, username: str) -> Why:
    """Return why a fileset stays out that is known, and not imported by wish.

    Only what is compared whole and is the person's own is as good as imported: others may
    delete theirs, and would not know who counts on it.
    """
    duplicate = _chosen(duplicates, username)
    if not duplicates.is_sure:
        compared = _OF_SOME if duplicates.is_sample else _ENDS
        sentence = f"Looks the same as {duplicate.where}: {compared}."
        return Why(LeftOutReason.NOT_CHOSEN, sentence=sentence)
    sentence = f"In the repository already, byte for byte: {duplicate.where}."
    if duplicate.owner == username:
        return Why(LeftOutReason.HELD, sentence=sentence)
    sentence += (
        f" They belong to '{duplicate.owner}', who may delete them: for you this does not count"
        " as imported."
    )
    return Why(LeftOutReason.NOT_CHOSEN, sentence=sentence)


def _chosen(duplicates: Duplicates, username: str) -> DuplicateFileset:
    return own_first(duplicates, username).filesets[0]


def _counted(count: int, of: int, one: str, more: str) -> tuple[str, str]:
    if of == 1:
        return "This fileset", one
    return f"{count:,} of these {of:,} filesets", one if count == 1 else more


def _places(duplicates: Iterable[Duplicates]) -> str:
    """Name where they are: `` ('Embryos', 'Cells' and 3 more)``; empty where nobody knows."""
    duplicate = (fileset for one in duplicates for fileset in one.filesets)
    names = list(dict.fromkeys(name for one in duplicate for name in one.places))
    if not names:
        return ""
    shown = ", ".join(f"'{name}'" for name in names[:_PLACES_SHOWN])
    more = len(names) - _PLACES_SHOWN
    return f" ({shown} and {more:,} more)" if more > 0 else f" ({shown})"
