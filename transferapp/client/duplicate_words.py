"""Say what of an import the repository holds already, and what was compared to know it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from transferapp.client.dropping import Why
from transferapp.client.duplicates import Known
from transferapp.model.drops import LeftOutReason
from transferapp.model.duplicates import HeldFileset
from transferapp.protocol.duplicates import MAX_FILES_ASKED

#: So many places are named in a sentence.
_PLACES_SHOWN = 2
_ENDS = "size, first and last MiB"
_OF_SOME = f"{_ENDS} of the {MAX_FILES_ASKED} largest files"


def hint(found: Sequence[Known | None]) -> str:
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


def own_first(known: Known, username: str) -> Known:
    """Return it with the person's own filesets before those of others."""
    ordered = sorted(known.filesets, key=lambda held: held.owner != username)
    return replace(known, filesets=tuple(ordered))


def row_words(known: Known) -> str:
    """Say it in few words, for a list."""
    where = known.filesets[0].where
    return f"In the repository already: {where}" if known.is_sure else f"Looks like {where}"


def unprovable(known: Known, username: str) -> str:
    """Say of a fileset that was read whole why it is imported all the same."""
    where = _chosen(known, username).where
    return (
        f"Looks the same as {where} ({_ENDS}), but the repository keeps no SHA-1 to compare"
        " the rest with. It is imported."
    )


def why_left_out(known: Known, username: str) -> Why:
    """Return why a fileset stays out that is known, and not imported by wish.

    Only what is compared whole and is the person's own is as good as imported: others may
    delete theirs, and would not know who counts on it.
    """
    held = _chosen(known, username)
    if not known.is_sure:
        compared = _OF_SOME if known.is_sample else _ENDS
        sentence = f"Looks the same as {held.where}: {compared}."
        return Why(LeftOutReason.NOT_CHOSEN, sentence=sentence)
    sentence = f"In the repository already, byte for byte: {held.where}."
    if held.owner == username:
        return Why(LeftOutReason.HELD, sentence=sentence)
    sentence += (
        f" They belong to '{held.owner}', who may delete them: for you this does not count"
        " as imported."
    )
    return Why(LeftOutReason.NOT_CHOSEN, sentence=sentence)


def _chosen(known: Known, username: str) -> HeldFileset:
    return own_first(known, username).filesets[0]


def _counted(count: int, of: int, one: str, more: str) -> tuple[str, str]:
    if of == 1:
        return "This fileset", one
    return f"{count:,} of these {of:,} filesets", one if count == 1 else more


def _places(known: Iterable[Known]) -> str:
    """Name where they are: `` ('Embryos', 'Cells' and 3 more)``; empty where nobody knows."""
    held = (fileset for one in known for fileset in one.filesets)
    names = list(dict.fromkeys(name for one in held for name in one.places))
    if not names:
        return ""
    shown = ", ".join(f"'{name}'" for name in names[:_PLACES_SHOWN])
    more = len(names) - _PLACES_SHOWN
    return f" ({shown} and {more:,} more)" if more > 0 else f" ({shown})"
