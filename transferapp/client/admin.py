"""The server as an administrator's programs see it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from transferapp.client.server import ServerClient
from transferapp.protocol import routes
from transferapp.protocol.messages import (
    Redriven,
    RedriveRequest,
    TargetCeiling,
    WorkerView,
)
from transferapp.taskqueue.port import Target, Task, TaskState


class AdminClient(ServerClient):
    """A ServerClient that also works on the queue; raises PermissionDenied for others."""

    async def tasks(
        self,
        *,
        states: Sequence[TaskState] = (),
        target: str = "",
        owner: str = "",
        after: str = "",
        limit: int = 50,
    ) -> list[Task]:
        """List everyone's tasks, newest first."""
        given = {"target": target, "owner": owner, "after": after, "limit": str(limit)}
        params = {"state": [str(state) for state in states], **given}
        return await self._call(list[Task], "GET", f"{routes.ADMIN}/tasks", params=params)

    async def task(self, task_id: str) -> Task:
        """Return one task; raises TransferNotFound."""
        return await self._call(Task, "GET", f"{routes.ADMIN}/tasks/{task_id}")

    async def act_on_task(self, task_id: str, action: str) -> Task:
        """``cancel``, ``pause``, ``resume`` or ``redrive`` a task; raises StateConflict."""
        return await self._call(Task, "POST", f"{routes.ADMIN}/tasks/{task_id}/{action}")

    async def redrive(self, redrive: RedriveRequest) -> int:
        """Run the dead tasks again that fit all wishes; returns how many."""
        path = f"{routes.ADMIN}/tasks/redrive"
        body = redrive.model_dump(mode="json")
        return (await self._call(Redriven, "POST", path, json=body)).count

    async def targets(self) -> list[Target]:
        """List the targets that ever had a task, by name."""
        return await self._call(list[Target], "GET", f"{routes.ADMIN}/targets")

    async def set_ceiling(self, target: str, ceiling: int) -> None:
        """Set how many tasks of a target may run at once at most."""
        body = TargetCeiling(ceiling=ceiling).model_dump(mode="json")
        await self._call(None, "PUT", _target(target), json=body)

    async def pause_target(self, target: str, *, paused: bool) -> None:
        """Start no tasks for a target, or again."""
        action = "pause" if paused else "resume"
        await self._call(None, "POST", f"{_target(target)}/{action}")

    async def workers(self) -> list[WorkerView]:
        """List the workers."""
        return await self._call(list[WorkerView], "GET", f"{routes.ADMIN}/workers")


def _target(name: str) -> str:
    # A target is named freely (webhook:example.org, a URL): no character may end the path.
    return f"{routes.ADMIN}/targets/{quote(name, safe='')}"
