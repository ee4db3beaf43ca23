"""What ``doctor`` says of the processes: (what, does it work, what to do).

The workstation service of this account, the server that is signed in to (or that this
computer runs), and the server's workers, as ``/healthz`` tells it.
"""

from __future__ import annotations

from transferapp.cli import signed_in, wiring
from transferapp.client.server import ServerClient
from transferapp.errors import AgentUnreachable, TransferAppError
from transferapp.host import endings
from transferapp.host.config_file import chosen
from transferapp.host.paths import host_paths

ServerReport = tuple[str, bool, str]


async def agent_check() -> ServerReport:
    """Ask the workstation service."""
    async with wiring.agent_client() as agent:
        try:
            info = await agent.info()
        except AgentUnreachable as error:
            return "workstation service", False, _with_ending(endings.AGENT, error.message)
    return "workstation service", not info.trouble, _with_log(info.trouble)


async def server_checks() -> list[ServerReport]:
    """Ask the server how it is; nothing where this computer knows of none."""
    url = _server_url()
    if not url:
        return []
    try:
        async with ServerClient(url) as client:
            health = await client.health()
    except TransferAppError as error:
        return [(f"server {url}", False, _with_ending(endings.SERVER, error.message))]
    workers = "" if health.workers == "ok" else _with_ending(endings.WORKER, health.workers)
    repository = health.repository
    well = repository.state == "progressing"
    return [
        (f"server {url}", True, ""),
        *((part, found == "ok", "" if found == "ok" else found) for part, found in (
            ("server's database", health.database),
            ("server's task queue", health.queue),
        )),
        ("server's workers", not workers, workers),
        *((part, found == "ok", _with_log("" if found == "ok" else found)) for part, found in (
            ("server's events", health.events),
            ("server's background work", health.background),
        )),
        ("server's repository", well, "" if well else repository.detail),
    ]  # fmt: skip


def _server_url() -> str:
    """Return the server that a person here is signed in to, else the one that runs here."""
    try:
        return signed_in.session().server_url
    except TransferAppError:
        return _own_server()


def _own_server() -> str:
    try:
        if not (chosen("data") or host_paths().server_data.exists()):
            return ""
        from transferapp.server.settings import ServerSettings  # noqa: PLC0415 - extra 'server'

        settings = ServerSettings()
    except (ModuleNotFoundError, TransferAppError):
        return ""
    host = settings.host
    local = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - asked for
    return f"http://{local}:{settings.port}"


def _with_log(problem: str) -> str:
    """Say where to look for what keeps failing."""
    return f"{problem} Its log has the reason; tell your administrator." if problem else ""


def _with_ending(process: str, message: str) -> str:
    last = endings.ending(process)
    if last is None:
        return message
    at = last.at.astimezone().strftime("%Y-%m-%d %H:%M")
    return f"The {process} on this computer ended at {at}: {last.sentence} {message}"
