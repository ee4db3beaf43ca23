"""Compare an OMERO server with what TransferApp and its sandbox take for granted.

Only asks: nothing is written, so that it may be run against a production server. Settings
that OMERO keeps from the importer are told as such.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from transferapp.errors import PermissionDenied, TransferAppError
from transferapp.formats.omero_path_rules import USUAL_RULES, rule_names
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.ice_imports import omero
from transferapp.repositories.omero.sessions.context import rows
from transferapp.repositories.omero.sessions.gateway import ALL_GROUPS, Gateway
from transferapp.repositories.omero.sessions.group_policies import SETTING, group_policies

_VERSION = "5.6."
_SHA1 = omero.model.enums.ChecksumAlgorithmSHA1160
_CHECKSUMS = (
    _SHA1, "MD5-128", "Murmur3-128", "Murmur3-32", "CRC-32", "Adler-32", "File-Size-64",
)  # fmt: skip
#: A session that is idle for so long may be between two of our calls.
_IDLE_MS = 120_000
#: An import lives in one session: one that takes longer is cut off and begins anew.
_IMPORT_MS = 3_600_000
_BETWEEN_CALLS = "sessions may end between two calls"
_IN_AN_IMPORT = "imports that take longer are cut off"


class _Limit(NamedTuple):
    """What a setting is about: milliseconds (0: no limit) that are expected, and those that are
    needed, with what happens below.
    """

    expected_ms: int
    meaning: str
    needed_ms: int
    below: str


_LIMITS = {
    "omero.sessions.timeout": _Limit(
        600_000, "a session ends without a call after", _IDLE_MS, _BETWEEN_CALLS
    ),
    "omero.sessions.max_user_time_to_idle": _Limit(
        6_000_000, "people may ask for idle sessions of", _IDLE_MS, _BETWEEN_CALLS
    ),
    "omero.sessions.maximum": _Limit(
        0, "a session ends in any case after", _IMPORT_MS, _IN_AN_IMPORT
    ),
    "omero.sessions.max_user_time_to_live": _Limit(
        0, "people may ask for sessions that last", _IMPORT_MS, _IN_AN_IMPORT
    ),
}
_READABLE = frozenset({"+read", "+write", "+image"})
_READ_ONLY = ("omero.cluster.read_only.runtime.db", "omero.cluster.read_only.runtime.repo")
_ROLES = {"systemGroupName": "system", "userGroupName": "user", "guestGroupName": "guest"}


class Difference(NamedTuple):
    """One thing that is not as expected; a serious one keeps TransferApp from working."""

    fact: str
    text: str
    serious: bool = False


class _Asked:
    """A server that is asked, and which of its settings it did not tell."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway, self.untold = gateway, list[str]()

    def setting(self, key: str) -> str:
        """Return a setting; "" where it is kept from this account."""
        try:
            with translated():
                found = str(self.gateway.config().getConfigValue(key) or "")
        except PermissionDenied:
            found = ""
        if not found:
            self.untold.append(key)
        return found


def differences(gateway: Gateway) -> list[Difference]:
    """Look at everything, also when one question fails; blocking, never raises."""
    asked, found = _Asked(gateway), list[Difference]()
    for fact, compare in _COMPARISONS.items():
        try:
            with translated():
                found += compare(asked)
        except TransferAppError as error:
            found.append(Difference(fact, f"It could not be looked at: {error.message}"))
    if asked.untold:
        text = f"OMERO does not tell the importer: {', '.join(asked.untold)}."
        found.append(Difference("settings", text))
    return found


def _version(asked: _Asked) -> Iterator[Difference]:
    version = asked.gateway.config().getVersion()
    if not version.startswith(_VERSION):
        yield Difference(
            "version", f"It is {version}; TransferApp is written for {_VERSION}x. Try it first."
        )


def _path_rules(asked: _Asked) -> Iterator[Difference]:
    stated = asked.setting("omero.fs.repo.path_rules")
    if not stated or rule_names(stated) == rule_names(USUAL_RULES):
        return
    text = f"omero.fs.repo.path_rules is '{stated}'; expected is '{USUAL_RULES}'."
    dots = bool(rule_names(stated) & {"unix optional", "local optional"})
    if dots:
        text += " With these rules OMERO renames .zattrs, and cannot read OME-Zarr."
    yield Difference("path rules", text, serious=dots)


def _checksums(asked: _Asked) -> Iterator[Difference]:
    algorithms = asked.gateway.repository(ALL_GROUPS).listChecksumAlgorithms()
    offered = tuple(one.getValue().getValue() for one in algorithms)
    if offered != _CHECKSUMS:
        text = f"It offers {', '.join(offered)}; expected are {', '.join(_CHECKSUMS)}."
        if _SHA1 not in offered:
            text += f" TransferApp asks for {_SHA1} all the same."
        yield Difference("checksum algorithms", text)


def _session_limits(asked: _Asked) -> Iterator[Difference]:
    for key, limit in _LIMITS.items():
        stated = asked.setting(key)
        if not stated.isdecimal() or int(stated) == limit.expected_ms:
            continue
        text = (
            f"{key}: {limit.meaning} {_spelled(int(stated))}; expected is"
            f" {_spelled(limit.expected_ms)}."
        )
        short = 0 < int(stated) < limit.needed_ms
        if short:
            text += (
                f" That is too short: {limit.below}. Ask your OMERO administrator for"
                f" {limit.needed_ms} (ms) at least."
            )
        yield Difference("session limits", text, serious=short)


def _spelled(milliseconds: int) -> str:
    if not milliseconds:
        return "no limit"
    minutes = milliseconds / 60_000
    return f"{round(minutes, 1):g} min" if minutes >= 1 else f"{milliseconds / 1000:.3g} s"


def _guest(asked: _Asked) -> Iterator[Difference]:
    groups = rows(
        asked.gateway,
        ALL_GROUPS,
        "select m.parent.name from GroupExperimenterMap m where m.child.omeName = :name",
        {"name": "guest"},
    )
    if ["guest"] not in groups:
        yield Difference(
            "guest",
            "There is no account 'guest' in the group 'guest'. OMERO.web and other clients"
            " sign in with it before a person does; TransferApp does not need it.",
        )


def _roles(asked: _Asked) -> Iterator[Difference]:
    roles = asked.gateway.admin().getSecurityRoles()
    other = {name: getattr(roles, name) for name in _ROLES}
    if other != _ROLES:
        names = ", ".join(other.values())
        yield Difference("groups", f"Its own groups are called {names}.", serious=True)


def _categories(asked: _Asked) -> Iterator[Difference]:
    session = asked.gateway.event_context().sessionUuid
    if asked.gateway.config().ice_getIdentity().category != session:
        yield Difference(
            "categories",
            "Its services are not registered under the session's own identifier: an import may"
            " not be found again after a worker was killed.",
        )


def _policy(asked: _Asked) -> Iterator[Difference]:
    groups = ", ".join(
        f"{name} ({stated})" for _, name, stated in group_policies(asked.gateway)
    )
    if groups:
        yield Difference(
            "download policy",
            f"Groups with a policy of their own: {groups}. Their members may not be able to"
            " download all that they see.",
        )
    stated = asked.setting(SETTING)
    allowed = {one.strip() for one in stated.split(",")}
    if not stated or allowed == _READABLE:
        return
    text = f"{SETTING} is '{stated}'; expected is '+read,+write,+image'."
    if not allowed >= _READABLE:
        text += " People cannot download all that they see."
    yield Difference("download policy", text)


def _read_only(asked: _Asked) -> Iterator[Difference]:
    closed = [key for key in _READ_ONLY if asked.setting(key).lower() == "true"]
    if closed:
        yield Difference(
            "read-only", f"{', '.join(closed)}: nothing can be imported here.", serious=True
        )


#: What it is about -> what compares it.
_COMPARISONS: dict[str, Callable[[_Asked], Iterator[Difference]]] = {
    "version": _version,
    "path rules": _path_rules,
    "checksum algorithms": _checksums,
    "session limits": _session_limits,
    "guest": _guest,
    "groups": _roles,
    "categories": _categories,
    "download policy": _policy,
    "read-only": _read_only,
}
