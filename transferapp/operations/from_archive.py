"""Let nothing read original files that lie in the facility's archive: ask for them, and wait.

A task of an item asks before it reads. What is not online is asked for once, all of the
transfer together, and the item waits (InArchive) without a place of a worker. That it was asked
for stands in the ledger: it is the problem that the item waits with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol
from weakref import WeakValueDictionary

import structlog
from cachetools import TTLCache

from transferapp.errors import SettingsInvalid
from transferapp.ledger.port import ItemChange, ItemMoves, ItemWork, TransferLists
from transferapp.model.durations import about_text
from transferapp.model.moves import (
    FINAL_STATES,
    HELD_UP_STATES,
    IN_LINE_STATES,
    PREPARE,
)
from transferapp.model.transfers import ENDED_STATES, ItemProblem, ItemState, TransferItem
from transferapp.operations.bring_parts import BringExport
from transferapp.operations.item_reports import WAITING_NOTE
from transferapp.repositories.port import OriginalFiles, Repository
from transferapp.taskqueue.port import Context, TaskKind
from transferapp.tier_errors import ArchiveUnavailable, InArchive, RecallFailed
from transferapp.tiers.port import FileTier, Tiers, TierState

_log = structlog.get_logger(__name__)

#: Opens what the facility's file names at this moment; None: it has no archive.
OpensTiers = Callable[[], Awaitable[Tiers | None]]

#: An answer of the archive is used for the other items of a transfer for so long (seconds).
ANSWER_S = 20.0
#: Transfers whose answers are kept.
_ANSWERS = 64
#: It is asked again at this share of the time that is left, but after some minutes, as others
#: may have asked for the files before; where many items wait, at the latest after half an hour.
_ASK_SHARE, _SOME_MINUTES_S, _LONGEST_PAUSE_S = 0.1, 300.0, 1800.0
#: Pauses are so much longer for each item (seconds), so that few look at a time.
_PAUSE_PER_ITEM_S = 0.3
_PAGE = 1000


class _Records(ItemMoves, TransferLists, Protocol):
    """What of the ledger is used here."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the archive said of items of a transfer, by their ids."""

    files: Mapping[str, Sequence[FileTier]]


@dataclass(frozen=True, slots=True)
class Archived:
    """How many files are not here, and seconds until they are, where anybody knows."""

    files: int
    eta_s: float | None


class ArchivedFiles:
    """Keeps tasks of exports from reading what is not there yet."""

    def __init__(
        self,
        ledger: _Records,
        repository: Repository,
        opened: OpensTiers,
        *,
        answer_s: float = ANSWER_S,
    ) -> None:
        """Ask the tiers that ``opened`` opens, of files as ``repository`` shows them."""
        self._ledger, self._repository, self._opened = ledger, repository, opened
        self._answers: TTLCache[str, _Answer] = TTLCache(_ANSWERS, answer_s)
        #: One question at a time for each transfer.
        self._asking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def require_online(self, context: Context, item_id: str) -> None:
        """Return when an item's original files can be read; raises InArchive while they are
        waited for, ArchiveUnavailable, RecallFailed.
        """
        tiers = await self._tiers()
        if tiers is None:
            return
        work = await self._ledger.work(item_id)
        # What was made of an image needs its originals no more.
        made = work.export.form.converts and work.files
        if made or work.item.state in FINAL_STATES:
            return
        asked = is_asked_for(work.item)
        try:
            behind = await self._behind(context, tiers, work, asked=asked)
        except ArchiveUnavailable as error:
            if asked:
                raise InArchive(f"{InArchive.title}. {error.message}") from error
            raise
        if behind:
            raise _in_archive(behind, work.transfer.item_count)

    async def _behind(
        self, context: Context, tiers: Tiers, work: ItemWork, *, asked: bool
    ) -> Sequence[FileTier]:
        """Return what of an item is not here, asked for now or before; raises RecallFailed."""
        behind = _not_online(await self._files_of(tiers, work))
        if behind and not asked:
            return await self._recall(context, tiers, work)
        if not _failed(behind):
            return behind
        # Asked anew: another worker may just have asked for them again.
        behind = _not_online((await self._ask(tiers, work)).files.get(work.item.id, ()))
        if _failed(behind):
            raise RecallFailed
        return behind

    async def _tiers(self) -> Tiers | None:
        try:
            return await self._opened()
        except SettingsInvalid as error:
            # An export is not given up while a file is mended.
            raise ArchiveUnavailable(error.message) from error

    async def _files_of(self, tiers: Tiers, work: ItemWork) -> Sequence[FileTier]:
        """Say where an item's files are; one answer is for all items of the transfer."""
        transfer_id, item_id = work.transfer.id, work.item.id
        asking = self._asking.setdefault(transfer_id, asyncio.Lock())
        async with asking:
            answer = self._answers.get(transfer_id)
            if answer is None or item_id not in answer.files:
                answer = await self._ask(tiers, work)
                self._answers[transfer_id] = answer
        return answer.files.get(item_id, ())

    async def _ask(self, tiers: Tiers, work: ItemWork) -> _Answer:
        details = await self._ledger.details(work.transfer.id, with_files=False)
        items = [item for item in details.items if item.state not in ENDED_STATES]
        owner = work.transfer.owner
        async with self._repository.session(owner, work.group_id) as session:
            paths = await _paths_by_item(session.images, items)
        asked = list(dict.fromkeys(path for mine in paths.values() for path in mine))
        tier_of = {tier.path: tier for tier in await tiers.status(asked)}
        return _Answer({one: [tier_of[path] for path in mine] for one, mine in paths.items()})

    async def _recall(
        self, context: Context, tiers: Tiers, work: ItemWork
    ) -> Sequence[FileTier]:
        """Ask for all files of the transfer that nobody has asked for; returns those of this
        item that are not here.
        """
        async with context.lock(f"recall of {work.transfer.id}"):
            # Whoever had the lock may have asked for these.
            answer = await self._ask(tiers, work)
            details = await self._ledger.details(work.transfer.id, with_files=False)
            new = {one.id for one in details.items if _is_new(one)}
            if not is_asked_for(await self._ledger.item(work.item.id)):
                new.add(work.item.id)
            found = {
                one: _not_online(files) for one, files in answer.files.items() if one in new
            }
            wanted = _to_ask_for(found)
            if wanted:
                await tiers.recall(wanted)
                _log.info("export waits for the archive", transfer=details.transfer.id)
            for item_id, behind in found.items():
                if behind:
                    await self._wait(item_id, _in_archive(behind, len(details.items)))
            if wanted:
                answer = await self._ask_after(tiers, work, answer)
            return _not_online(answer.files.get(work.item.id, ()))

    async def _ask_after(self, tiers: Tiers, work: ItemWork, before: _Answer) -> _Answer:
        """Ask once more after files were asked for: all tasks then tell the same time."""
        answer = before
        with suppress(ArchiveUnavailable):  # What it said before will do.
            answer = await self._ask(tiers, work)
        self._answers[work.transfer.id] = answer
        return answer

    async def _wait(self, item_id: str, error: InArchive) -> None:
        """Show that an item waits, and so that it was asked for, before its task says so."""
        problem = ItemProblem(error.code, error.title, error.message, error.retryable)
        change = ItemChange(ItemState.WAITING, WAITING_NOTE, problem)
        await self._ledger.move(item_id, PREPARE, change)


def once_online(kind: TaskKind, archived: ArchivedFiles) -> TaskKind:
    """Return a kind of task that begins when the original files of its item can be read.

    Its payload (with an ``item_id``) and what is retried are those of ``kind``; until then it
    is retried, too, with InArchive. RecallFailed ends it.
    """

    async def run(context: Context, wanted: BringExport) -> None:
        await archived.require_online(context, wanted.item_id)
        await kind.handler(context, wanted)

    return replace(kind, handler=run)


def archived_of(files: Sequence[FileTier]) -> Archived:
    """Count those of some files that are not online."""
    behind = _not_online(files)
    return Archived(len(behind), _eta_s(behind))


def is_asked_for(item: TransferItem) -> bool:
    """Say whether the files of an item were asked for, and it has waited for them since."""
    waits = item.state is ItemState.WAITING
    return waits and item.trouble is not None and item.trouble.code == InArchive.code


async def _paths_by_item(
    images: OriginalFiles, items: Sequence[TransferItem]
) -> dict[str, Sequence[str]]:
    """Return where the files of items lie, as far as this process sees them."""
    first = {item.id: item.image_ids[0] for item in items if item.image_ids}
    ids = sorted(set(first.values()))
    fileset_of: dict[int, int] = {}
    paths: dict[int, list[str]] = {}
    for at in range(0, len(ids), _PAGE):
        page = ids[at : at + _PAGE]
        fileset_of |= {one.image_id: one.fileset_id for one in await images.sizes(page)}
        for found in await images.paths(page):
            paths.setdefault(found.fileset_id, []).append(found.path)
    return {
        item.id: tuple(dict.fromkeys(paths.get(fileset_of.get(first.get(item.id, 0), 0), ())))
        for item in items
    }


def _is_new(item: TransferItem) -> bool:
    """Say whether nothing has begun of an item, and nobody has asked for its files."""
    waits = item.state in IN_LINE_STATES | HELD_UP_STATES
    return waits and not is_asked_for(item)


def _not_online(files: Sequence[FileTier]) -> Sequence[FileTier]:
    return [file for file in files if file.state is not TierState.ONLINE]


def _failed(files: Sequence[FileTier]) -> bool:
    return any(file.state is TierState.FAILED for file in files)


def _to_ask_for(found: Mapping[str, Sequence[FileTier]]) -> list[str]:
    behind = (file for files in found.values() for file in files)
    return list(dict.fromkeys(f.path for f in behind if f.state is not TierState.RECALLING))


def _in_archive(behind: Sequence[FileTier], items: int) -> InArchive:
    """Return what an item, one of so many of its transfer, waits with."""
    eta_s = _eta_s(behind)
    when, pause_s = "", None
    if eta_s is not None:
        when = f", about {about_text(eta_s)}"
        longest_s = min(max(_SOME_MINUTES_S, _PAUSE_PER_ITEM_S * items), _LONGEST_PAUSE_S)
        pause_s = min(longest_s, _ASK_SHARE * eta_s)
    files = "1 file was" if len(behind) == 1 else f"{len(behind):,} files were"
    return InArchive(
        f"{InArchive.title}{when}. {files} asked for there; it goes on by itself.",
        retry_after_s=pause_s,
    )


def _eta_s(behind: Sequence[FileTier]) -> float | None:
    """Return when the last of them is here, as far as anybody knows."""
    return max((file.eta_s for file in behind if file.eta_s is not None), default=None)
