"""Sums over one submission of the outbox."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from transferapp.agent import drop_rows
from transferapp.agent.records import Totals
from transferapp.agent.schema import files, items
from transferapp.model.stages import ItemStage

_STAGES = frozenset(map(str, ItemStage))


def totals_of(connection: sa.Connection, transfer_id: str) -> Totals:
    """Return the sums that a submission's view and promises rest on."""
    stages = connection.execute(
        sa.select(items.c.stage, sa.func.count())
        .where(items.c.transfer_id == transfer_id)
        .group_by(items.c.stage)
    )
    problem = connection.execute(
        sa.select(items.c.trouble_code, items.c.trouble)
        .where(items.c.transfer_id == transfer_id, items.c.trouble_code != "")
        .order_by(items.c.position)
        .limit(1)
    ).first()
    is_open = sa.and_(sa.not_(files.c.done), items.c.stage != ItemStage.CANCELLED)
    sums = connection.execute(
        sa.select(
            sa.func.count(),
            sa.func.sum(sa.case((files.c.done, 1), else_=0)),
            sa.func.sum(files.c.size_bytes),
            sa.func.sum(files.c.offset),
            sa.func.sum(sa.case((is_open, 1), else_=0)),
        )
        .join(items, items.c.item_id == files.c.item_id)
        .where(files.c.transfer_id == transfer_id)
    ).one()
    count, done, size, offset, open_count = (number or 0 for number in sums)
    return Totals(
        files=count,
        files_done=done,
        bytes=size,
        bytes_done=offset,
        items_by_stage=_by_stage(stages),
        files_open=open_count,
        trouble_code=problem[0] if problem else "",
        trouble=problem[1] if problem else "",
        **drop_rows.totals(connection, transfer_id),
    )


def _by_stage(stages: Iterable[Any]) -> dict[ItemStage, int]:
    """Count items; one whose stage cannot be read is in problem, so nothing is promised."""
    counts: Counter[ItemStage] = Counter()
    for stage, count in stages:
        counts[ItemStage(stage) if stage in _STAGES else ItemStage.PROBLEM] += count
    return dict(counts)
