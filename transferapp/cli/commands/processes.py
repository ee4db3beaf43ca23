"""Start the processes: server, worker, agent, desktop, demo."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys

import typer

from transferapp.cli.output import command
from transferapp.cli.service import service
from transferapp.errors import SettingsInvalid
from transferapp.host import endings


def _needs(extra: str, missing: ModuleNotFoundError) -> SettingsInvalid:
    return SettingsInvalid(
        f"This needs the extra '{extra}' ({missing.name} is not installed)."
        f" Install it with: pip install 'transferapp[{extra}]'"
    )


@service(endings.SERVER)
def server() -> None:
    """Run the REST server until it is stopped."""
    try:
        from transferapp.server import app, settings  # noqa: PLC0415 - the extra may be absent
    except ModuleNotFoundError as missing:
        raise _needs("server", missing) from missing
    app.main(settings.ServerSettings())


@service(endings.WORKER)
def worker() -> None:
    """Run queued imports and exports until it is stopped."""
    try:
        from transferapp.worker import app, settings  # noqa: PLC0415 - the extra may be absent
    except ModuleNotFoundError as missing:
        raise _needs("server", missing) from missing
    asyncio.run(app.run(settings.WorkerSettings()))


@service(endings.AGENT)
def agent() -> None:
    """Run the workstation service until it is stopped."""
    from transferapp.agent import app, settings  # noqa: PLC0415 - starts fast without it

    asyncio.run(app.run(settings.AgentSettings()))


@command
def desktop() -> None:
    """Open the window."""
    try:
        from transferapp.desktop import app  # noqa: PLC0415 - the extra may be absent
    except ModuleNotFoundError as missing:
        raise _needs("desktop", missing) from missing
    raise typer.Exit(app.run())


@command
def demo(context: typer.Context) -> None:
    """Play the whole story on sample images in a temporary folder."""
    _run_sandbox("transferapp.sandbox.demo", context)


@command
def omero_sandbox(context: typer.Context) -> None:
    """Run an OMERO sandbox to try things out; see docs/omero-sandbox.md."""
    _run_sandbox("transferapp.sandbox.omero_sandbox", context, extra="[omero]")


def _run_sandbox(name: str, context: typer.Context, *, extra: str = "") -> None:
    """Run a module of the distribution transferapp-sandbox; raises SettingsInvalid without it.

    It lies in our package and above the command line, which does not import it.
    """
    if importlib.util.find_spec("transferapp.sandbox") is None:
        raise SettingsInvalid(
            "This comes with the package transferapp-sandbox, which is not installed."
            f" Install it with: pip install 'transferapp-sandbox{extra}'"
        )
    argv = [sys.executable, "-m", name, *context.args]
    if os.name == "posix":
        # We become the module, so that whoever ends us ends it: a child would keep its ports.
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(sys.executable, argv)  # noqa: S606 - our own module
    raise typer.Exit(subprocess.run(argv, check=False).returncode)  # noqa: S603
