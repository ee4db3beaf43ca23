"""The server as an administrator's programs see it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from transferapp.client.server import ServerClient
from transferapp.protocol import routes
from transferapp.protocol.queue import Redriven, RedriveRequest, ResourceCeiling, WorkerView
from transferapp.taskqueue.port import Resource, Task, TaskState


class AdminClient(ServerClient):
    """A ServerClient that also works on the queue; raises PermissionDenied for others."""

    async def tasks(
        self,
        *,
        states: Sequence[TaskState] = (),
        resource: str = "",
        owner: str = "",
        after: str = "",
        limit: int = 50,
    ) -> list[Task]:
        """List everyone's tasks, newest first."""
        given = {"target": resource, "owner": owner, "after": after, "limit": str(limit)}
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

    async def resources(self) -> list[Resource]:
        """List the targets that ever had a task, by name."""
        return await self._call(list[Resource], "GET", f"{routes.ADMIN}/targets")

    async def set_ceiling(self, resource: str, ceiling: int) -> None:
        """Set how many tasks of a target may run at once at most."""
        body = ResourceCeiling(ceiling=ceiling).model_dump(mode="json")
        await self._call(None, "PUT", _target(resource), json=body)

    async def pause_resource(self, resource: str, *, paused: bool) -> None:
        """Start no tasks for a target, or again."""
        action = "pause" if paused else "resume"
        await self._call(None, "POST", f"{_target(resource)}/{action}")

    async def workers(self) -> list[WorkerView]:
        """List the workers."""
        return await self._call(list[WorkerView], "GET", f"{routes.ADMIN}/workers")


def _target(name: str) -> str:
    # A target is named freely (webhook:example.org, a URL): no character may end the path.
    return f"{routes.ADMIN}/targets/{quote(name, safe='')}"
