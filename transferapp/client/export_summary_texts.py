"""What an export would bring, and what not, in sentences."""

from __future__ import annotations

import humanize

from transferapp.model.durations import about_text
from transferapp.protocol.export_summaries import ExportSummary, NamedObjects

#: Names in one sentence.
_NAMED = 3
_DESCRIBED = "without original files, so only a description comes of {them}"
_THROUGH_API = (
    "The bytes come through OMERO's image API, the slower way; it goes on when you log off."
)


def amount_text(summary: ExportSummary) -> str:
    """Say how much it is: ``At least 12,000 images, 24,000 files, 1.2 TB``."""
    parts = [_counted(summary.images, "image")]
    if summary.files is not None:
        parts.append(_counted(summary.files, "file"))
    size = humanize.naturalsize(summary.size_bytes)
    parts.append(f"about {size} before compression" if summary.estimated else size)
    text = ", ".join(parts)
    return text if summary.complete else f"At least {text}"


def notes(
    summary: ExportSummary, *, is_archive: bool = False, is_list: bool = False
) -> list[str]:
    """Say what would not come, and which limits are met; one sentence each, the worst first.

    A list says where files are: nothing of them is read, or waited for.
    """
    if is_list:
        nothing_moves = {"hindrance": "", "expected_s": None, "through_api": False}
        summary = summary.model_copy(update=nothing_moves)
    found = [summary.refused] if summary.refused else []
    lost = _lost(summary, is_archive=is_archive)
    found += [_lost_text(named, text) for text, named in lost.items() if named.count]
    if is_archive and summary.without_originals.count:
        found.append(_lost_text(summary.without_originals, _DESCRIBED))
    if summary.room_bytes is not None and not summary.refused:
        found.append(
            f"You have room for {humanize.naturalsize(summary.room_bytes)} more at this place."
        )
    if summary.hindrance:
        found.append(f"It waits at first. {summary.hindrance}")
    found += _time_texts(summary, is_list=is_list)
    if summary.through_api:
        found.append(_THROUGH_API)
    free = summary.free_bytes
    if free is not None and summary.size_bytes > free:
        found.append(
            f"The facility has {humanize.naturalsize(free)} free for files that are made. What"
            " you have fetched makes room for more; export in parts if it stops."
        )
    return found


def _time_texts(summary: ExportSummary, *, is_list: bool) -> list[str]:
    """Say how long it takes; what waits first takes longer than the last exports tell."""
    if summary.archived_files:
        return [_archived_text(summary, is_list=is_list)]
    known = summary.complete or not summary.estimated
    if summary.expected_s is None or summary.hindrance or not known:
        return []
    return [_expected_text(summary, summary.expected_s)]


def _expected_text(summary: ExportSummary, expected_s: float) -> str:
    """Made files are smaller than the pixels that were counted."""
    about = "at least" if not summary.complete else "about"
    if summary.estimated:
        about = "up to about"
    took = humanize.naturaldelta(max(expected_s, 1.0))
    return f"As your last exports of this form went, it takes {about} {took}."


def _archived_text(summary: ExportSummary, *, is_list: bool) -> str:
    """Say what has to come from the archive first."""
    files, archived_s = summary.archived_files or 0, summary.archived_s
    if is_list:
        lie = "1 of the files lies" if files == 1 else f"{files:,} of the files lie"
        return f"{lie} in the archive; a list asks for none."
    which = "1 of the files comes" if files == 1 else f"{files:,} of the files come"
    when = "" if archived_s is None else f", about {about_text(archived_s)}"
    return f"{which} from the archive{when}; the export asks for them."


def is_whole(summary: ExportSummary, *, is_archive: bool = False) -> bool:
    """Say whether all that was chosen would come."""
    lost = _lost(summary, is_archive=is_archive)
    return not (summary.refused or any(one.count for one in lost.values()))


def _lost(summary: ExportSummary, *, is_archive: bool) -> dict[str, NamedObjects]:
    """Return what would not come, by what is said of it; an archive describes all."""
    without = NamedObjects() if is_archive else summary.without_originals
    return {
        "gone, or you may not see {them}": summary.missing,
        "without original files, so nothing comes of {them}": without,
        "seen only: the repository's policy on downloads keeps the files of {them} back": (
            summary.kept_back
        ),
        "not suitable, so nothing comes of {them}": summary.unsuitable,
    }


def _lost_text(named: NamedObjects, text: str) -> str:
    is_, them = ("is", "it") if named.count == 1 else ("are", "them")
    reason = next((f" {one.reason}" for one in named.first if one.reason), "")
    sentence = text.format(them=them)
    return f"{named.count:,} {is_} {sentence}: {_names(named)}.{reason}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what if number == 1 else what + 's'}"


def _names(named: NamedObjects) -> str:
    shown = [f"{one.ref} ({one.name})" if one.name else one.ref for one in named.first[:_NAMED]]
    more = named.count - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")
