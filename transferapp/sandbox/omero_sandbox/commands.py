"""omero.cmd requests: delete, change group, several at once, session timeouts, disk usage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import omero

from transferapp.sandbox.omero_sandbox.deletion import delete_all
from transferapp.sandbox.omero_sandbox.dispatch import (
    Network,
    Service,
    event_context,
    register,
)
from transferapp.sandbox.omero_sandbox.handles import Handle, ImportWork, once
from transferapp.sandbox.omero_sandbox.ice_objects import Outgoing, eager
from transferapp.sandbox.omero_sandbox.people import put_in
from transferapp.sandbox.omero_sandbox.permissions import CHGRP, require
from transferapp.sandbox.omero_sandbox.records import Record, SandboxCaller
from transferapp.sandbox.omero_sandbox.sandbox import Sandbox
from transferapp.sandbox.omero_sandbox.sessions import MOST_IDLE_MS
from transferapp.sandbox.omero_sandbox.slices import entity_name

_MOVED_WITH = {
    "Project": ("datasetLinks.child",),
    "Dataset": ("imageLinks", "imageLinks.child"),
    "Image": (
        "fileset", "pixels", "pixels.channels",
        "pixels.settings", "pixels.settings.waveRendering", "pixels.settings.quantization",
    ),
    "Fileset": ("images", "usedFiles", "usedFiles.originalFile"),
}  # fmt: skip


def _delete(sandbox: Sandbox, request: Any, caller: SandboxCaller) -> Any:
    kept = frozenset(
        kind for option in request.childOptions or () for kind in option.excludeType or ()
    )
    made = omero.cmd.Delete2Response()
    made.deletedObjects = {}
    if request.dryRun:
        return made
    for cls, ids in request.targetObjects.items():
        gone = delete_all(sandbox, caller, entity_name(cls) or cls, ids, kept)
        for kind, found in gone.items():
            made.deletedObjects.setdefault(f"ome.model.{kind}", []).extend(found)
    return made


def _change_group(sandbox: Sandbox, request: Any, caller: SandboxCaller) -> Any:
    made = omero.cmd.Chgrp2Response()
    made.includedObjects, made.deletedObjects = {}, {}
    for cls, ids in request.targetObjects.items():
        for id_ in ids:
            record = sandbox.store.load(entity_name(cls) or cls, id_)
            require(record, caller, CHGRP)
            if not caller.admin and request.groupId not in caller.member_of:
                text = f"Not a member of group {request.groupId}"
                raise omero.SecurityViolation(None, "omero.SecurityViolation", text)
            for moved in _with_parts(sandbox, record):
                if not request.dryRun:
                    put_in(sandbox.store, moved, request.groupId)
                made.includedObjects.setdefault(f"ome.model.{moved.cls}", []).append(moved.id)
    return made


def _with_parts(sandbox: Sandbox, record: Record) -> list[Record]:
    found, waiting = dict[tuple[str, int], Record](), [record]
    while waiting:
        now = waiting.pop()
        if now.key in found:
            continue
        found[now.key] = now
        for path in _MOVED_WITH.get(now.cls, ()):
            value: Any = now
            for step in path.split("."):
                value = sandbox.store.get(value, step)
            flat = [value] if isinstance(value, Record) else _flat(value)
            waiting += flat
    return list(found.values())


def _flat(value: Any) -> list[Record]:
    if isinstance(value, Record):
        return [value]
    return [record for part in value or () for record in _flat(part)]


def _all(sandbox: Sandbox, request: Any, caller: SandboxCaller) -> Any:
    made = omero.cmd.DoAllRsp()
    made.responses = [answer(sandbox, part, caller) for part in request.requests]
    made.status = []
    return made


def _session_timeout(sandbox: Sandbox, request: Any, caller: SandboxCaller) -> Any:
    session = sandbox.sessions.find(request.session)
    if session is None:
        raise omero.RemovedSessionException(None, None, f"No context for {request.session}")
    if request.timeToIdle is not None:
        idle = request.timeToIdle._val
        if idle > MOST_IDLE_MS and not caller.admin:
            text = f"timeToIdle is limited to {MOST_IDLE_MS} ms"
            raise omero.SecurityViolation(None, "omero.SecurityViolation", text)
        session.idle_ms = idle
        sandbox.store.set(session.record, "timeToIdle", request.timeToIdle)
    if request.timeToLive is not None:
        session.live_ms = request.timeToLive._val
        sandbox.store.set(session.record, "timeToLive", request.timeToLive)
    return omero.cmd.OK()


def _disk_usage(sandbox: Sandbox, request: Any, _caller: SandboxCaller) -> Any:
    made = omero.cmd.DiskUsage2Response()
    made.fileCountByReferer, made.bytesUsedByReferer = {}, {}
    made.totalFileCount, made.totalBytesUsed = {}, {}
    for cls, ids in (request.targetObjects or {}).items():
        for id_ in ids:
            for file in _files(sandbox, sandbox.store.load(entity_name(cls) or cls, id_)):
                _add_usage(made, file)
    return made


def _files(sandbox: Sandbox, record: Record) -> list[Record]:
    return [part for part in _with_parts(sandbox, record) if part.cls == "OriginalFile"]


def _add_usage(made: Any, file: Record) -> None:
    owner = omero.api.LongPair(file.values["@owner"].id, file.values["@group"].id)
    made.totalFileCount[owner] = made.totalFileCount.get(owner, 0) + 1
    size = int(file.text("size") or 0)
    made.totalBytesUsed[owner] = made.totalBytesUsed.get(owner, 0) + size
    counts = made.fileCountByReferer.setdefault(owner, {})
    counts["FilesetEntry"] = counts.get("FilesetEntry", 0) + 1
    used = made.bytesUsedByReferer.setdefault(owner, {})
    used["FilesetEntry"] = used.get("FilesetEntry", 0) + size


def _current_sessions(sandbox: Sandbox, _request: Any, caller: SandboxCaller) -> Any:
    """Of other people's sessions only administrators see more than whose they are."""
    made = omero.cmd.CurrentSessionsResponse([], [], [])
    for session in sandbox.sessions:
        context = event_context(sandbox, session, sandbox.sessions.caller(session, {}))
        outgoing = Outgoing(caller, eager(sandbox.store, session.record, "owner"))
        record = outgoing.object(session.record)
        if not (caller.admin or session.user == caller.user):
            record, known = None, context
            context = omero.sys.EventContext()
            context.userName, context.groupName = known.userName, known.groupName
        made.sessions.append(record)
        made.contexts.append(context)
        made.data.append({})
    return made


def _original_metadata(sandbox: Sandbox, request: Any, _caller: SandboxCaller) -> Any:
    """Return nothing beside the fileset: our readers keep no tables of what files say."""
    image = sandbox.store.load("Image", request.imageId)
    made = omero.cmd.OriginalMetadataResponse()
    fileset = image.values.get("fileset")
    if fileset is not None:
        made.filesetId = omero.rtypes.rlong(fileset.id)
    made.globalMetadata, made.seriesMetadata = {}, {}
    return made


_ANSWERS: dict[str, Callable[[Sandbox, Any, SandboxCaller], Any]] = {
    "Delete2": _delete,
    "Chgrp2": _change_group,
    "DoAll": _all,
    "UpdateSessionTimeoutRequest": _session_timeout,
    "CurrentSessionsRequest": _current_sessions,
    "DiskUsage2": _disk_usage,
    "OriginalMetadataRequest": _original_metadata,
}


def answer(sandbox: Sandbox, request: Any, caller: SandboxCaller) -> Any:
    """Do what a request asks for; raises omero's errors."""
    name = type(request).__name__.removesuffix("I")
    found = _ANSWERS.get(name)
    if found is None:
        text = f"sandbox: the command {name} is not implemented"
        raise omero.ApiUsageException(None, "omero.ApiUsageException", text)
    with sandbox.lock:
        return found(sandbox, request, caller)


def submit(service: Service, request: Any, identity: Any) -> Any:
    """Run a request in the background; return its handle."""
    network: Network = service.network
    caller = service.caller
    work = ImportWork(request, caller, once(lambda: answer(service.sandbox, request, caller)))
    handle = Handle(network, service.session, work, queued=False)
    proxy = register(network, omero.cmd.Handle, handle, identity)
    service.sandbox.commands.submit(handle.run)
    return proxy
