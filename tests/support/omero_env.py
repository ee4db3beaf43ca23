"""A sandbox with the people of the conformance suite, and adapters that talk to it."""

from __future__ import annotations

from pathlib import Path

from transferapp.host.clock import Clock, SystemClock
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.omero.settings import OmeroSettings, Transport
from transferapp.sandbox.omero_sandbox.fixture import ROOT_PASSWORD, RunningSandbox
from transferapp.testing.repository_env import BOB, PASSWORD, PRIVATE


def start_sandbox(folder: Path, transports: tuple[str, ...] = ("tcp",)) -> RunningSandbox:
    """Start a sandbox with alice, bob and the importer; use it as a context manager."""
    return RunningSandbox(folder, transports, password=PASSWORD)


def populate(sandbox: RunningSandbox) -> None:
    """Make the people as the suite wants them: bob is in the lab only."""
    sandbox.control("leave_group", name=BOB, group=PRIVATE)


def settings_for(
    sandbox: RunningSandbox, folder: Path, transport: str = "tcp", importer: str = "importer"
) -> OmeroSettings:
    """Return the adapter's settings; the certificate is verified where there is one."""
    secret = folder / "importer-password"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    secret.chmod(0o600)
    return OmeroSettings(
        host=sandbox.host,
        port=sandbox.port(transport),
        transport=Transport(transport),
        websocket_path=f"/omero-{transport}",
        ca_file=sandbox.ca_file if transport in {"ssl", "wss"} else None,
        importer=importer,
        importer_password_file=secret,
    )


def adapter(settings: OmeroSettings, clock: Clock | None = None) -> OmeroRepository:
    """Return an adapter; close it. Those of one test tell each other of their imports."""
    notes = None
    if settings.importer_password_file is not None:
        notes = settings.importer_password_file.parent / "omero-imports"
    return OmeroRepository(settings, clock or SystemClock(), notes=notes)


async def sweep(settings: OmeroSettings) -> None:
    """Delete all images and containers, so that each test begins with an empty OMERO."""
    alone = settings.model_copy(update={"importer": ""})
    repository = adapter(alone)
    await repository.sign_in("root", ROOT_PASSWORD)
    async with repository.session("root") as session:
        while found := await session.images.find():
            await session.images.delete([image.id for image in found])
        while tops := await session.containers.children(None):
            for container in tops:
                await session.containers.delete(container.ref)
    await repository.close()
