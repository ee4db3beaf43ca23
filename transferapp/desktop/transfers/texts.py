"""Say what a transfer is doing in plain words, so that the window and tests read the same."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

import humanize

from transferapp import error_codes, errors
from transferapp.model.transfers import DONE_STATES, ItemProblem, ItemState, TransferKind
from transferapp.tier_errors import InArchive

#: The state in a few words.
_STATE = {
    ItemState.QUEUED: "Waiting for its turn",
    ItemState.UPLOADING: "Uploading",
    ItemState.RECEIVED: "Uploaded, waiting for import",
    ItemState.IMPORTING: "Importing",
    ItemState.IMPORTED: "Imported",
    ItemState.PREPARING: "Preparing on the server",
    ItemState.READY: "Ready to download",
    ItemState.DOWNLOADING: "Downloading",
    ItemState.DELIVERED: "Saved",
    ItemState.WAITING: "Waiting",
    ItemState.STALLED: "Stalled",
    ItemState.NEEDS_ATTENTION: "Needs attention",
    ItemState.FAILED: "Failed",
    ItemState.CANCELLED: "Cancelled",
}


def size_text(size_bytes: int) -> str:
    """Say a number of bytes: ``48.3 MB``, ``2 GB``."""
    number, _, unit = str(humanize.naturalsize(size_bytes, format="%.1f")).partition(" ")
    unit = unit.replace("Byte", "byte")
    if number.endswith(".0") or len(number) > len("99.9"):
        number = number.partition(".")[0]
    return f"{number} {unit}"


def count_text(number: int, one: str, many: str = "") -> str:
    """Say a number of things: ``1 file``, ``12,000 files``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def speed_text(bytes_per_s: float) -> str:
    """Say a speed: ``12.4 MB/s``; empty when nothing moves."""
    return f"{size_text(int(bytes_per_s))}/s" if bytes_per_s >= 1 else ""


def eta_text(seconds: float | None) -> str:
    """Say how long it will take: ``3 minutes``; empty when no one can know."""
    if seconds is None or seconds > timedelta(days=365).total_seconds():
        return ""
    left = timedelta(seconds=max(1, round(seconds)))
    if timedelta(hours=1) <= left < timedelta(days=1):
        return str(humanize.precisedelta(left, minimum_unit="minutes", format="%0.0f"))
    return str(humanize.naturaldelta(left))


def clock_text(moment: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """Say a time as a person here would: ``12:03``, or ``3 Feb, 12:03`` on another day."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return f"{local:%H:%M}"
    if local.year == today.year:
        return f"{local.day} {local:%b}, {local:%H:%M}"
    return f"{local.day} {local:%b} {local:%Y}, {local:%H:%M}"


def state_text(state: ItemState) -> str:
    """Say a state in a few words."""
    return _STATE[state]


def cancelled_text(kind: TransferKind, done: int, count: int) -> str:
    """Say of a cancelled transfer how much of it was done before."""
    if not 0 < done < count:
        return state_text(ItemState.CANCELLED)
    verb = "imported" if kind is TransferKind.IMPORT else "saved"
    return f"Cancelled in part: {done:,} of {count:,} {verb}"


def status_text(
    state: ItemState,
    problem: ItemProblem | None,
    updated_at: datetime,
    now: datetime,
    zone: tzinfo | None = None,
) -> str:
    """Say the state with its reason and time, in one line for a table."""
    text = state_text(state)
    if state is ItemState.STALLED:
        return f"{text} since {clock_text(updated_at, now, zone)}"
    if state is ItemState.WAITING and problem is not None:
        return text + _waiting_text(problem, now, zone)
    if problem is not None and problem.code == errors.Invalid.code:
        return text  # "Failed: this is not right" says nothing more; the remedy does.
    if problem is not None and state not in DONE_STATES:
        return f"{text}: {_as_clause(problem.title)}"
    return text


def problem_text(problem: ItemProblem, now: datetime, zone: tzinfo | None = None) -> str:
    """Say what is wrong and what to do: the title, the remedy, when it is tried again."""
    sentence = problem.message
    if not _speaks_for_itself(problem):
        sentence = f"{problem.title.rstrip('.')}. {problem.message}".strip()
    if problem.retry_at is None:
        return sentence
    when = clock_text(problem.retry_at, now, zone)
    return f"{sentence} It is tried again {'now' if problem.retry_at <= now else 'at ' + when}."


def stalled_text(
    updated_at: datetime, now: datetime, zone: tzinfo | None = None, *, arrived: bool = False
) -> str:
    """Say since when nothing was heard, and what a person can do; ``arrived``: the files
    are on the server, and the image repository is silent.
    """
    since = clock_text(updated_at, now, zone)
    if arrived:
        return (
            f"The image repository gives no sign of life of it since {since}. Nothing is lost,"
            " and it goes on by itself. If it stays so, tell your administrator."
        )
    return (
        f"No sign of life since {since}. Check that the workstation it comes from is switched"
        " on and connected, then press Retry. Nothing is lost."
    )


def progress_text(bytes_done: int, bytes_total: int) -> str:
    """Say how far it is: ``12 MB of 48 MB``."""
    if bytes_done >= bytes_total:
        return size_text(bytes_total)
    return f"{size_text(bytes_done) if bytes_done else 0} of {size_text(bytes_total)}"


def kind_text(kind: TransferKind) -> str:
    """Say the direction."""
    return "Import" if kind is TransferKind.IMPORT else "Export"


def _waiting_text(problem: ItemProblem, now: datetime, zone: tzinfo | None) -> str:
    if problem.code == InArchive.code:
        # How long that takes says more than when it is asked again.
        return f": {_as_clause(problem.message.partition('.')[0])}"
    return f"{_until_text(problem, now, zone)}: {_as_clause(problem.title)}"


def _until_text(problem: ItemProblem, now: datetime, zone: tzinfo | None) -> str:
    if problem.retry_at is None or problem.retry_at <= now:
        return ""
    return f" until {clock_text(problem.retry_at, now, zone)}"


def _speaks_for_itself(problem: ItemProblem) -> bool:
    """Messages about a certain file name it and say what is wrong; the title repeats it."""
    error = error_codes.all_errors().get(problem.code, errors.TransferAppError)
    is_ours = problem.message != error.default_message
    alone = issubclass(error, errors.SourceProblem) or error in {errors.Invalid, InArchive}
    return is_ours and alone


def _as_clause(title: str) -> str:
    """Lower the first letter of a title, unless it starts a name or abbreviation."""
    if title[1:2].isupper():
        return title
    return title[:1].lower() + title[1:]
