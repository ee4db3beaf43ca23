"""The queue for administrators: look at tasks and targets, stop them, let them go on."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from transferapp.errors import Invalid
from transferapp.protocol import routes
from transferapp.protocol.queue import Redriven, RedriveRequest, ResourceCeiling, WorkerView
from transferapp.server.answers import json_answer
from transferapp.server.auth import AdminGrant
from transferapp.server.parts import parts_of
from transferapp.taskqueue.port import Resource, Task, TaskState

router = APIRouter(prefix=routes.ADMIN, tags=["admin"])

_TASK = "/tasks/{task_id}"
#: Names of targets may hold anything, slashes too.
_RESOURCE = "/targets/{target:path}"


@router.get("/tasks", response_model=list[Task])
async def tasks(
    _grant: AdminGrant,
    request: Request,
    state: Annotated[list[TaskState] | None, Query()] = None,
    target: str = "",
    owner: str = "",
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """List everyone's tasks, newest first."""
    found = await parts_of(request).queue.tasks(
        states=state or (), resource=target, owner=owner, after=after, limit=limit
    )
    return json_answer(list[Task], found)


@router.post("/tasks/redrive")
async def redrive(which: RedriveRequest, _grant: AdminGrant, request: Request) -> Redriven:
    """Run the dead tasks again that fit all that is given."""
    if not (which.task_ids or which.error_code or which.target or which.everything):
        raise Invalid("Say which tasks: their ids, an error code, a target, or everything.")
    count = await parts_of(request).queue.redrive_all(
        task_ids=which.task_ids, error_code=which.error_code, resource=which.target
    )
    return Redriven(count=count)


@router.get(_TASK, response_model=Task)
async def task(task_id: str, _grant: AdminGrant, request: Request) -> Response:
    """Return one task."""
    return json_answer(Task, await parts_of(request).queue.get(task_id))


@router.post(_TASK + "/{action}", response_model=Task)
async def act(
    task_id: str,
    action: Literal["cancel", "pause", "resume", "redrive"],
    _grant: AdminGrant,
    request: Request,
) -> Response:
    """Cancel or pause a task, let it go on, or run a dead one again."""
    queue = parts_of(request).queue
    actions = {
        "cancel": queue.cancel,
        "pause": queue.pause,
        "resume": queue.resume,
        "redrive": queue.redrive,
    }
    await actions[action](task_id)
    return json_answer(Task, await queue.get(task_id))


@router.get("/targets", response_model=list[Resource])
async def resources(_grant: AdminGrant, request: Request) -> Response:
    """List what tasks work on, and how hard it is pressed now."""
    return json_answer(list[Resource], await parts_of(request).queue.resources())


@router.put(_RESOURCE, status_code=HTTPStatus.NO_CONTENT)
async def set_ceiling(
    target: str, requested: ResourceCeiling, _grant: AdminGrant, request: Request
) -> None:
    """Set how many tasks of a target may run at once at most; running ones go on."""
    await parts_of(request).queue.set_limit(target, requested.ceiling)


@router.post(_RESOURCE + "/{action}", status_code=HTTPStatus.NO_CONTENT)
async def pause_resource(
    target: str, action: Literal["pause", "resume"], _grant: AdminGrant, request: Request
) -> None:
    """Start no tasks for a target, or again; running ones go on."""
    await parts_of(request).queue.pause_resource(target, paused=action == "pause")


@router.get("/workers")
async def workers(_grant: AdminGrant, request: Request) -> list[WorkerView]:
    """List the workers and how long each has been silent."""
    living = await parts_of(request).queue.workers()
    return [
        WorkerView(id=one.id, pid=one.pid, silent_s=one.silent_s, trouble=one.trouble)
        for one in living
    ]
