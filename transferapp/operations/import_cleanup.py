"""What an import that is over leaves behind: taken away, or told to somebody who can.

Data that finished importing is never deleted by a cancel: the person is told where it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from transferapp.errors import NotFound, SettingsInvalid, TransferAppError
from transferapp.ledger.port import ItemChange, ItemMoves, ItemWork
from transferapp.model.containers import ContainerRef
from transferapp.model.moves import REPORT_LEFT
from transferapp.model.transfers import ItemState
from transferapp.repositories.port import ImageViews, Repository
from transferapp.staging.port import Staging

_log = structlog.get_logger(__name__)

#: So many ids are told in words; the item has all of them.
_REPORTED_IDS = 20


class ImportCleanup:
    """Takes away what items leave in the staging and in the repository."""

    def __init__(self, ledger: ItemMoves, staging: Staging, repository: Repository) -> None:
        """Tell ``ledger`` what stays."""
        self._ledger = ledger
        self._staging = staging
        self._repository = repository

    async def discard_staged(self, work: ItemWork) -> None:
        """Forget the staged files; they may be gone already."""
        for file in work.files:
            await self._staging.discard(file.id)

    async def discard_fileset(self, work: ItemWork) -> tuple[int, ...]:
        """Remove the item's fileset unless it has images; returns their ids."""
        async with self._repository.session(work.transfer.owner, work.group_id) as session:
            fileset = await session.imports.find(work.item.id)
            if fileset is None:
                return ()
            await session.imports.discard(fileset)
            # Asked again: images may have come while the import was being stopped.
            left = await session.imports.find(work.item.id)
        return () if left is None else left.image_ids

    async def after_failure(self, work: ItemWork) -> None:
        """Remove the fileset; raises what passes by itself. Where this is not allowed any
        more it stays, and a retry that is let in again adopts it.
        """
        try:
            await self.discard_fileset(work)
        except TransferAppError as error:
            if _passes(error):
                raise
            self._log_left(work, error)

    async def after_cancel(self, work: ItemWork) -> None:
        """Take away all that may go, and tell the rest once; raises what passes by itself."""
        # First, and with nobody's leave: the files are no use to anybody any more.
        await self.discard_staged(work)
        try:
            image_ids = await self.discard_fileset(work)
            note = await self._where(work, image_ids) if image_ids else ""
        except TransferAppError as error:
            if _passes(error):
                raise
            # A closed account, a group that was left: nothing changes by trying again.
            image_ids, note = (), self._left(work, error)
        if note:
            change = ItemChange(ItemState.CANCELLED, note, image_ids=image_ids or None)
            await self._ledger.move(work.item.id, REPORT_LEFT, change)

    def _log_left(self, work: ItemWork, error: TransferAppError) -> None:
        _log.warning(
            "an import that is over may have left a fileset without images",
            item=work.item.id,
            owner=work.transfer.owner,
            error=error.message,
        )

    def _left(self, work: ItemWork, error: TransferAppError) -> str:
        self._log_left(work, error)
        return (
            f"If it had begun, {self._repository.name} may still hold a fileset of it,"
            f" without images or with such that nobody can look at, which TransferApp could not"
            f" remove ({error.title}). The administrator of"
            f" {self._repository.name} can: its key is {work.item.id}."
        )

    async def _where(self, work: ItemWork, image_ids: Sequence[int]) -> str:
        target, name = work.transfer.target, work.transfer.target_name
        outside: list[int] = list(image_ids)
        if target is not None:
            async with self._repository.session(work.transfer.owner, work.group_id) as session:
                outside = await _outside(session.images, target, image_ids)
        inside = [one for one in image_ids if one not in outside]
        reported = [
            f"Imported before you cancelled, and still in '{name}': {_images(inside)}."
            " Delete there what you do not want."
            if inside
            else "",
            f"Imported before you cancelled, and in {self._repository.name} without a place"
            f" ('{name}' does not hold them): {_images(outside)}. Move them into a dataset, or"
            " delete what you do not want."
            if outside
            else "",
        ]
        return " ".join(part for part in reported if part)


def _passes(error: TransferAppError) -> bool:
    """Whether it is worth trying again by itself: an outage, a setting that is put right."""
    return error.retryable or isinstance(error, SettingsInvalid)


async def _outside(
    images: ImageViews, target: ContainerRef, image_ids: Sequence[int]
) -> list[int]:
    """Return those that are not in the target, or not any more."""
    outside = []
    for image_id in image_ids:
        try:
            found = await images.find(target, after=image_id - 1, limit=1)
        except NotFound:
            return list(image_ids)  # The target is gone; images outlive it.
        if not found or found[0].id != image_id:
            outside.append(image_id)
    return outside


def _images(image_ids: Sequence[int]) -> str:
    count, shown = len(image_ids), ", ".join(map(str, image_ids[:_REPORTED_IDS]))
    more = f" and {count - _REPORTED_IDS} more" if count > _REPORTED_IDS else ""
    return f"{count} {'image' if count == 1 else 'images'} with the id {shown}{more}"
