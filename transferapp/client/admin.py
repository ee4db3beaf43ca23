"""The server as an administrator's programs see it."""

from __future__ import annotations

from collections.abc import Sequence

from transferapp.client.server import ServerClient
from transferapp.protocol import routes
from transferapp.protocol.messages import WorkerView
from transferapp.taskqueue.port import Task, TaskState


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

    async def pause_target(self, target: str, *, paused: bool) -> None:
        """Start no tasks for a target, or again."""
        action = "pause" if paused else "resume"
        await self._call(None, "POST", f"{routes.ADMIN}/targets/{target}/{action}")

    async def workers(self) -> list[WorkerView]:
        """List the workers."""
        return await self._call(list[WorkerView], "GET", f"{routes.ADMIN}/workers")
