"""Say what is missing for OMERO on this computer: client library, settings, server, importer.

Imports OMERO late: that it is not installed is one of the things to be told.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import NamedTuple

from transferapp.errors import SettingsInvalid, TransferAppError
from transferapp.host.clock import Clock
from transferapp.host.config_file import chosen, config_files, read_config, table_of
from transferapp.repositories.omero.sessions.password import importer_password
from transferapp.repositories.omero.settings import OmeroSettings
from transferapp.repositories.omero.web_check import web_fault

#: Nothing is different from what TransferApp takes for granted.
AS_EXPECTED = "OMERO server as expected"
_PREFIX = "TRANSFERAPP_OMERO_"
#: A server that does not answer is not waited for much longer (seconds).
_PATIENCE_S = 5.0
_WHEELS = (
    "PyPI has only the sources of zeroc-ice 3.6.5. Take the wheel for your Python that Glencoe"
    " Software publishes (glencoesoftware.com/blog, 'Ice binaries for OMERO'), or: conda"
    " install -c conda-forge omero-py. In a checkout, python3 installers/ice_wheel.py builds"
    " one in about 7 minutes. Then: pip install 'transferapp[omero]'"
)


class Check(NamedTuple):
    """One thing that was looked at; ``remedy`` may also be said of what is ok."""

    what: str
    ok: bool
    remedy: str = ""


def wanted() -> bool:
    """Say whether this computer is meant to talk to OMERO, by its environment and files."""
    if any(name.startswith(_PREFIX) for name in os.environ):
        return True
    with suppress(SettingsInvalid):  # The settings are told of elsewhere.
        in_file = any(
            table_of(read_config(path, needed=False), _PREFIX) for path in config_files()
        )
        return in_file or chosen("repository").lower() == "omero"
    return False


async def diagnose(clock: Clock) -> list[Check]:
    """Look at everything in turn; what comes after the first fault cannot be looked at.

    Never raises.
    """
    library = await asyncio.to_thread(_library)
    settings, reported = _settings()
    checks = [library, reported]
    if settings is None:
        return checks
    secret = await asyncio.to_thread(_password, settings)
    checks.append(secret)
    if settings.web:
        checks.append(await asyncio.to_thread(_web, settings.web))
    if not library.ok:
        return checks
    reached = await asyncio.to_thread(_server, settings)
    checks.append(reached)
    if reached.ok and secret.ok and settings.importer:
        checks += await _signed_in(settings, clock)
    return checks


def _library() -> Check:
    what = "OMERO client library"
    for module, package in (("omero", "omero-py"), ("Ice", "zeroc-ice")):
        if importlib.util.find_spec(module) is None:
            return Check(what, ok=False, remedy=f"{package} is not installed. {_WHEELS}")
    try:
        importlib.import_module("transferapp.repositories.omero.ice_imports")
    except ImportError as error:
        if error.name == "imp":
            remedy = "Ice 3.6 needs it on this Python: pip install zombie-imp"
            return Check(what, ok=False, remedy=remedy)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        remedy = f"It does not load on Python {version} ({error}). {_WHEELS}"
        return Check(what, ok=False, remedy=remedy)
    return Check(what, ok=True)


def _settings() -> tuple[OmeroSettings | None, Check]:
    what = "OMERO settings"
    try:
        settings = OmeroSettings()
    except SettingsInvalid as error:
        return None, Check(what, ok=False, remedy=error.message)
    if settings.encrypted and (settings.legacy_anonymous_tls or not settings.verify_tls):
        return settings, Check(what, ok=True, remedy="The server's certificate is not checked.")
    return settings, Check(what, ok=True)


def _password(settings: OmeroSettings) -> Check:
    what = "OMERO importer's password"
    if not settings.importer:
        remedy = (
            f"{_PREFIX}IMPORTER is not set: imports by a worker do not run. See: transferapp"
            " omero grant-importer"
        )
        return Check("OMERO importer", ok=False, remedy=remedy)
    try:
        importer_password(settings)
    except SettingsInvalid as error:
        return Check(what, ok=False, remedy=error.message)
    return Check(what, ok=True)


def _web(address: str) -> Check:
    fault = web_fault(address)
    return Check(f"OMERO.web at {address}", ok=not fault, remedy=fault)


def _server(settings: OmeroSettings) -> Check:
    from transferapp.repositories.omero.sessions.health import knock  # noqa: PLC0415

    what = f"OMERO at {settings.host}:{settings.effective_port} ({settings.transport})"
    try:
        knock(_hurried(settings))
    except TransferAppError as error:
        remedy = error.message
        if _PREFIX not in remedy:
            remedy += f" Check {_PREFIX}HOST, {_PREFIX}PORT, {_PREFIX}TRANSPORT and firewalls."
        return Check(what, ok=False, remedy=remedy)
    return Check(what, ok=True)


async def _signed_in(settings: OmeroSettings, clock: Clock) -> list[Check]:
    """Look at the importer's account, and by it at the server."""
    from transferapp.repositories.omero.sessions.pool import SessionPool  # noqa: PLC0415
    from transferapp.repositories.omero.sessions.server_facts import (  # noqa: PLC0415
        differences,
    )

    what = f"OMERO importer '{settings.importer}'"
    with ThreadPoolExecutor(1) as threads:
        pool = SessionPool(_hurried(settings), clock, threads)
        try:
            async with pool.importer() as gateway:
                held = await asyncio.to_thread(gateway.event_context)
                found = await asyncio.to_thread(differences, gateway)
        except TransferAppError as error:
            return [Check(what, ok=False, remedy=error.message)]
        finally:
            await pool.close()
    more = sorted(set(held.adminPrivileges) - {"Sudo"})
    remedy = f"It may do more than it needs; take away: {', '.join(more)}" if more else ""
    server = [
        Check(f"OMERO server: {one.fact}", ok=not one.serious, remedy=one.text) for one in found
    ]
    return [Check(what, ok=True, remedy=remedy), *(server or [Check(AS_EXPECTED, ok=True)])]


def _hurried(settings: OmeroSettings) -> OmeroSettings:
    quick = {"call_timeout_s": _PATIENCE_S, "connect_timeout_s": _PATIENCE_S}
    return settings.model_copy(update=quick)
