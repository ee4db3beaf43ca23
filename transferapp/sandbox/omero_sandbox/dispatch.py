"""Servants: Ice operations forwarded to plain objects, with every answer given in time.

omero's services are dispatched asynchronously: a generated stub would never answer, and
only declared exceptions travel. So each operation of an interface is forwarded here, and
what went wrong becomes one of omero's own errors.
"""

from __future__ import annotations

import logging
import sys
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

import Ice
import omero

from transferapp.errors import TransferAppError
from transferapp.sandbox.omero_sandbox.hql_parser import HqlError
from transferapp.sandbox.omero_sandbox.hql_rows import FetchPlan
from transferapp.sandbox.omero_sandbox.ice_objects import Outgoing, eager
from transferapp.sandbox.omero_sandbox.records import Record, SandboxCaller
from transferapp.sandbox.omero_sandbox.sandbox import Sandbox
from transferapp.sandbox.omero_sandbox.sessions import Session
from transferapp.sandbox.omero_sandbox.slices import OPERATIONS

_calls = logging.getLogger("omero_sandbox.calls")
_current: ContextVar[Any] = ContextVar("current")
_F = TypeVar("_F", bound=Callable[..., Any])
#: What Ice asks of any servant: whether it is there, and of what type.
_OF_EVERY_SERVANT = ("ice_ping", "ice_isA", "ice_ids", "ice_id")


def without_lock(function: _F) -> _F:
    """Mark an operation that reads or hashes much: others go on meanwhile."""
    function.__dict__["without_lock"] = True
    return function


def current_call() -> Any:
    """Return Ice's ``Current`` of the call that this thread serves."""
    return _current.get()


@dataclass(eq=False)
class Admitted:
    """Whom one connection may call, as Glacier2 filters it: servants of its own session and
    client, and single ones outside that the session was given.
    """

    connection: Any
    categories: frozenset[str]
    #: (category, name)
    identities: set[tuple[str, str]] = field(default_factory=set)

    def may_call(self, identity: Any) -> bool:
        """Say whether a call gets through to this identity."""
        if identity.category in self.categories:
            return True
        return (identity.category, identity.name) in self.identities


class Network:
    """The object adapter: everything that clients can call is registered here."""

    def __init__(self, sandbox: Sandbox, adapter: Any) -> None:
        """Register with an Ice object adapter."""
        self.sandbox, self._adapter = sandbox, adapter
        #: One for each connection that somebody signed in over; Ice's cannot be hashed.
        self.admitted: list[Admitted] = []
        #: Who answers everybody: the router itself.
        self.open: set[tuple[str, str]] = set()

    def add(self, interface: Any, target: Any, identity: Any) -> Any:
        """Make ``target`` answer for an interface; return a typed proxy."""
        if self._adapter.find(identity) is not None:
            self._adapter.remove(identity)
        return _typed(interface, self._adapter.add(_servant(interface, target, self), identity))

    def present(self, interface: Any, identity: Any) -> Any:
        """Return the typed proxy of what answers already, or None."""
        return _typed(interface, self.proxy(identity)) if self.has(identity) else None

    def proxy(self, identity: Any) -> Any:
        """Return a proxy for an identity."""
        return self._adapter.createProxy(identity)

    def has(self, identity: Any) -> bool:
        """Say whether somebody answers."""
        return self._adapter.find(identity) is not None

    def admitted_over(self, connection: Any) -> Admitted | None:
        """Return what a connection may call, None when nobody has signed in over it."""
        return next((one for one in self.admitted if one.connection == connection), None)

    def filter(self, current: Any) -> None:
        """Raise ObjectNotExistException for another's servants, also when they are there."""
        if (current.id.category, current.id.name) in self.open:
            return
        admitted = self.admitted_over(current.con)
        if admitted is None or not admitted.may_call(current.id):
            raise Ice.ObjectNotExistException

    def remove(self, identity: Any) -> None:
        """Let nobody answer any more; twice is fine."""
        if self.has(identity):
            self._adapter.remove(identity)


def _typed(interface: Any, proxy: Any) -> Any:
    kind = getattr(sys.modules[interface.__module__], interface.__name__ + "Prx")
    return kind.uncheckedCast(proxy)


class Service:
    """A service of one session. Its methods are OMERO's operations, called by name."""

    def __init__(self, network: Network, session: Session) -> None:
        """Serve a session."""
        self.network, self.session = network, session
        self.sandbox, self.store = network.sandbox, network.sandbox.store
        self.identity: Any = None

    @property
    def caller(self) -> SandboxCaller:
        """Who is asking, in the group of this call."""
        return self.sandbox.sessions.caller(self.session, current_call().ctx)

    def register(self, interface: Any, service: Service, name: str) -> Any:
        """Register another service in this session; return its proxy."""
        unique = f"{uuid.uuid4()}{name}"
        return register(
            self.network, interface, service, Ice.Identity(unique, self.session.uuid)
        )

    def out(self, record: Record | None, *paths: str) -> Any:
        """Return a record as an object, with what the dotted paths name."""
        plan = {} if record is None else eager(self.store, record, *paths)
        return self.outgoing(plan).object(record)

    def outgoing(self, plan: FetchPlan | None = None) -> Outgoing:
        """Return what makes the objects of one answer."""
        return Outgoing(self.caller, plan, self.sandbox.binary_access.allows)

    def close(self) -> None:
        self.network.remove(self.identity)
        self.session.servants.pop(self.identity.name, None)

    def activate(self) -> None:
        """Do nothing: a stateful service always is."""

    def passivate(self) -> None:
        """Do nothing."""

    def getCurrentEventContext(self) -> Any:
        return event_context(self.sandbox, self.session, self.caller)


def register(network: Network, interface: Any, service: Service, identity: Any) -> Any:
    """Register a service in its session; it goes when the session goes."""
    service.identity = identity
    session = service.session
    if identity.name not in session.servants:
        session.closing.append(lambda: network.remove(identity))
    session.servants[identity.name] = interface.__name__
    return network.add(interface, service, identity)


def event_context(sandbox: Sandbox, session: Session, caller: SandboxCaller) -> Any:
    """Return who the caller is as OMERO tells it."""
    store, made = sandbox.store, omero.sys.EventContext()
    user = store.load("Experimenter", session.user)
    group = store.load("ExperimenterGroup", session.group if caller.group < 0 else caller.group)
    made.shareId, made.sessionId, made.sessionUuid = -1, session.record.id, session.uuid
    made.userId, made.userName = user.id, user.text("omeName")
    made.groupId, made.groupName = group.id, group.text("name")
    made.isAdmin, made.eventId, made.eventType = caller.admin, 0, "User"
    made.memberOfGroups, made.leaderOfGroups = (
        sorted(caller.member_of),
        sorted(caller.leader_of),
    )
    made.groupPermissions = omero.model.PermissionsI(group.values["#perms"])
    made.adminPrivileges = sorted(caller.privileges)
    if session.sudoer is not None:
        sudoer = store.load("Experimenter", session.sudoer)
        made.sudoerId = omero.rtypes.rlong(sudoer.id)
        made.sudoerName = omero.rtypes.rstring(sudoer.text("omeName"))
    return made


def _translated(error: Exception) -> Exception:
    """Return one of omero's errors for anything that went wrong here."""
    kind = omero.ValidationException if isinstance(error, HqlError) else omero.InternalException
    if isinstance(error, (TransferAppError, OSError)):
        kind = omero.ResourceError
    if not isinstance(error, HqlError):
        _calls.exception("the sandbox failed")
    made: Exception = kind(None, f"omero.{kind.__name__}", f"{type(error).__name__}: {error}")
    return made


def _serve(network: Network, target: Any, operation: str, arguments: tuple[Any, ...]) -> Any:
    sandbox = network.sandbox
    function = getattr(target, operation, None)
    if function is None:
        text = f"sandbox: {type(target).__name__}.{operation} is not implemented"
        raise omero.ApiUsageException(None, "omero.ApiUsageException", text)
    session = getattr(target, "session", None)
    if session is not None:
        with sandbox.lock:
            # Again: the client may have gone while its call was held.
            network.filter(current_call())
            sandbox.sessions.touch(session)
            sandbox.calls[f"{type(target).__name__}.{operation}"] += 1
    if getattr(function, "without_lock", False):
        return function(*arguments)
    with sandbox.lock:
        return function(*arguments)


def _call(network: Network, target: Any, operation: str, rest: tuple[Any, ...]) -> Any:
    """Serve one call; raises only what Ice can carry."""
    sandbox = network.sandbox
    *arguments, current = rest
    sandbox.faults.answering.wait()
    network.filter(current)
    _current.set(current)
    began, failed = time.monotonic(), ""
    place = f"{current.id.name}.{operation}"
    session: Session | None = None
    try:
        sandbox.faults.pass_by(place)
        session = getattr(target, "session", None)
        result = _serve(network, target, operation, tuple(arguments))
        sandbox.commit(session)
        sandbox.faults.pass_by(place, done=True)
    except (Ice.Exception, Ice.UserException) as error:
        failed = repr(error)[:300]
        raise
    except Exception as error:
        failed = repr(error)[:300]
        raise _translated(error) from error
    finally:
        sandbox.commit(session)
        spent = (time.monotonic() - began) * 1000
        _calls.debug("%s.%s %.1f ms %s", type(target).__name__, operation, spent, failed)
    return result


def _synchronous(network: Network, target: Any, operation: str) -> Callable[..., Any]:
    def dispatch(_servant: Any, *rest: Any) -> Any:
        return _call(network, target, operation, rest)

    return dispatch


def _asynchronous(
    network: Network, target: Any, operation: str, *, void: bool
) -> Callable[..., None]:
    def dispatch(_servant: Any, answer: Any, *rest: Any) -> None:
        try:
            result = _call(network, target, operation, rest)
        except (Ice.Exception, Ice.UserException) as error:
            answer.ice_exception(error)
            return
        if void:
            answer.ice_response()
        else:
            answer.ice_response(result)

    return dispatch


def _of_ice(network: Network, interface: Any, name: str) -> Callable[..., Any]:
    inherited = getattr(interface, name)

    def dispatch(servant: Any, *rest: Any) -> Any:
        network.sandbox.faults.answering.wait()
        network.filter(rest[-1])
        return inherited(servant, *rest)

    return dispatch


def _servant(interface: Any, target: Any, network: Network) -> Any:
    methods = {name: _of_ice(network, interface, name) for name in _OF_EVERY_SERVANT}
    for name in dir(interface):
        if not name.startswith("_op_") or name.startswith("_op_ice_"):
            continue
        operation = name.removeprefix("_op_")
        asynchronous, void = OPERATIONS[id(getattr(interface, name))]
        if asynchronous:
            methods[operation + "_async"] = _asynchronous(network, target, operation, void=void)
        else:
            methods[operation] = _synchronous(network, target, operation)
    return type(interface.__name__ + "Servant", (interface,), methods)()
