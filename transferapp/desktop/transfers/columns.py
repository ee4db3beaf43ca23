"""Say what stands in each column of the transfers table and how it is sorted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import IntEnum
from typing import Any

from transferapp.desktop.transfers.promise_texts import promises_in_short
from transferapp.desktop.transfers.rows import TransferRow
from transferapp.desktop.transfers.texts import (
    cancelled_text,
    clock_text,
    eta_text,
    kind_text,
    problem_text,
    progress_text,
    speed_text,
    stalled_text,
    status_text,
)
from transferapp.model.transfers import ItemState, TransferKind


class Column(IntEnum):
    """The columns, left to right."""

    NAME = 0
    TARGET = 1
    STATE = 2
    PROGRESS = 3
    SPEED = 4
    TIME_LEFT = 5
    SAFE = 6
    FILES = 7
    STARTED = 8


TITLES = {
    Column.NAME: "Name",
    Column.TARGET: "Target",
    Column.STATE: "State",
    Column.PROGRESS: "Progress",
    Column.SPEED: "Speed",
    Column.TIME_LEFT: "Time left",
    Column.SAFE: "Safe to",
    Column.FILES: "Files",
    Column.STARTED: "Started",
}

#: Trouble first, then what moves, then what is over.
_STATE_RANK = {
    state: rank
    for rank, state in enumerate(
        (
            ItemState.NEEDS_ATTENTION,
            ItemState.FAILED,
            ItemState.STALLED,
            ItemState.WAITING,
            ItemState.UPLOADING,
            ItemState.DOWNLOADING,
            ItemState.IMPORTING,
            ItemState.PREPARING,
            ItemState.RECEIVED,
            ItemState.READY,
            ItemState.QUEUED,
            ItemState.IMPORTED,
            ItemState.DELIVERED,
            ItemState.CANCELLED,
        )
    )
}
_NEVER_S = float("inf")


def _time_left_key(row: TransferRow) -> float:
    eta_s = row.eta_s
    return _NEVER_S if eta_s is None else eta_s


def _safe_key(row: TransferRow) -> tuple[bool, bool, bool]:
    promises = row.promises
    return (
        promises.safe_to_delete_source or promises.safe_to_delete_imported,
        promises.safe_to_switch_off,
        promises.safe_to_log_off,
    )


SORT_KEYS: dict[Column, Callable[[TransferRow], Any]] = {
    Column.NAME: lambda row: row.haystack,
    Column.TARGET: lambda row: row.target.casefold(),
    Column.STATE: lambda row: _STATE_RANK[row.state],
    Column.PROGRESS: lambda row: row.fraction,
    Column.SPEED: lambda row: row.bytes_per_s,
    Column.TIME_LEFT: _time_left_key,
    Column.SAFE: _safe_key,
    Column.FILES: lambda row: row.files_total,
    Column.STARTED: lambda row: row.created_at,
}


def _status(row: TransferRow, now: datetime) -> str:
    if row.state is ItemState.CANCELLED:
        return cancelled_text(row.kind, row.filesets_done, row.fileset_count)
    return status_text(row.state, row.trouble, row.updated_at, now)


_TEXTS: dict[Column, Callable[[TransferRow, datetime], str]] = {
    Column.NAME: lambda row, _: row.name,
    Column.TARGET: lambda row, _: row.target or row.destination,
    Column.STATE: _status,
    Column.PROGRESS: lambda row, _: progress_text(row.bytes_done, row.bytes_total),
    Column.SPEED: lambda row, _: speed_text(row.bytes_per_s),
    Column.TIME_LEFT: lambda row, _: eta_text(row.eta_s),
    Column.SAFE: lambda row, _: promises_in_short(row),
    Column.FILES: lambda row, _: f"{row.files_total:,}",
    Column.STARTED: lambda row, now: clock_text(row.created_at, now),
}


def cell_text(row: TransferRow, column: Column, now: datetime) -> str:
    """Return the words of a cell."""
    return _TEXTS[column](row, now)


def advice_text(row: TransferRow, now: datetime) -> str:
    """Say what is wrong with a transfer and what to do; empty when nothing is."""
    if row.trouble is not None:
        return problem_text(row.trouble, now)
    if row.state is ItemState.STALLED:
        return stalled_text(row.updated_at, now, arrived=_arrived(row))
    return ""


def _left_text(row: TransferRow) -> str:
    left = eta_text(row.eta_s)
    return f"{left} left" if left else ""


def _arrived(row: TransferRow) -> bool:
    """Whether the workstation has nothing to do with what it waits for."""
    return row.kind is TransferKind.IMPORT and row.promises.safe_to_switch_off


def cell_tip(row: TransferRow, column: Column, now: datetime) -> str:
    """Return what the cell says when the pointer rests on it."""
    if column is Column.STATE and (advice := advice_text(row, now)):
        return advice
    if column is Column.NAME:
        return f"{kind_text(row.kind)}: {row.name}"
    if column is Column.PROGRESS:
        parts = (cell_text(row, column, now), speed_text(row.bytes_per_s), _left_text(row))
        return ", ".join(part for part in parts if part)
    return cell_text(row, column, now)
