"""Figures of the queue for Prometheus; nothing in them names a person."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.responses import Response
from typing_extensions import override

from transferapp.errors import GrantRefused
from transferapp.protocol import routes
from transferapp.server.auth import bearer_token
from transferapp.server.parts import parts_of
from transferapp.taskqueue.moves import IN_LINE_TASK_STATES
from transferapp.taskqueue.port import Depth, TaskState, WorkerLife

router = APIRouter(tags=["health"])


@router.get(routes.METRICS, include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Return the figures; with TRANSFERAPP_METRICS_TOKEN_FILE only to who knows the token."""
    parts = parts_of(request)
    wanted = await asyncio.to_thread(parts.settings.metrics_token)
    if wanted:
        token = bearer_token(request.headers.get("authorization", ""))
        if not hmac.compare_digest(token.encode(), wanted.encode()):
            raise GrantRefused
    depths, workers = await parts.queue.depths(), await parts.queue.workers()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(depths, workers, parts.clock.now()))
    headers = {"cache-control": "no-store"}
    return Response(generate_latest(registry), 200, headers, CONTENT_TYPE_LATEST)


class _Figures(Collector):
    """The figures of one moment."""

    def __init__(
        self, depths: Sequence[Depth], workers: Sequence[WorkerLife], now: datetime
    ) -> None:
        self._depths = depths
        self._workers = workers
        self._now = now

    @override
    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yield each figure with its labels."""
        depth = _gauge("tasks", "Tasks by target and state", "target", "state")
        dead = _gauge("dead_letters", "Tasks that ended in failure", "target")
        for one in self._depths:
            depth.add_metric([one.target, one.state], one.count)
            if one.state == TaskState.DEAD:
                dead.add_metric([one.target], one.count)
        retries = _gauge("task_retries", "Failed attempts of the tasks in the queue", "target")
        oldest = _gauge("oldest_waiting_task_seconds", "Age of the oldest one", "target")
        for target in sorted({one.target for one in self._depths}):
            mine = [one for one in self._depths if one.target == target]
            retries.add_metric([target], sum(one.retries for one in mine))
            since = [one.oldest_at for one in mine if one.state in IN_LINE_TASK_STATES]
            age_s = (self._now - min(since, default=self._now)).total_seconds()
            oldest.add_metric([target], max(0.0, age_s))
        age = _gauge("worker_silent_seconds", "Time since a worker's last sign", "worker")
        for worker in self._workers:
            age.add_metric([worker.id], worker.silent_s)
        return [depth, dead, retries, oldest, age]


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"transferapp_{name}", text, labels=labels)
