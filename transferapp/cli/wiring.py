"""What the command line is made of: the one place here where adapters are met."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from transferapp.bioformats.on_demand import BioFormatsOnDemand
from transferapp.bioformats.port import BioFormats
from transferapp.cli.log import open_waiting_log
from transferapp.cli.output import echo
from transferapp.client.agent import AgentClient
from transferapp.errors import TransferAppError
from transferapp.host.clock import SystemClock
from transferapp.host.paths import host_paths, private_folder

if TYPE_CHECKING:
    from transferapp.repositories.local.accounts.administration import Administration


def agent_client() -> AgentClient:
    """Return a client of this account's workstation service."""
    return AgentClient(host_paths().agent_socket)


@contextmanager
def bio_formats_here() -> Iterator[Callable[[], BioFormats | None]]:
    """Give the Bio-Formats of this computer, which starts when it is asked, for one command."""
    made = BioFormatsOnDemand(echo)

    def opens() -> BioFormats | None:
        open_waiting_log()
        return made()

    try:
        yield opens
    finally:
        made.close()


def bio_formats_check() -> tuple[str, bool, str]:
    """Say (what, is it right, what to do) of the Bio-Formats of this computer."""
    from transferapp.bioformats.wiring import check  # noqa: PLC0415 - brings settings

    return check()


async def omero_checks() -> list[tuple[str, bool, str]]:
    """Say (what, is it right, what to do) of OMERO; nothing where it is not wanted."""
    from transferapp.repositories.omero import diagnosis  # noqa: PLC0415 - extra 'omero'

    if not diagnosis.wanted():
        return []
    found = await diagnosis.diagnose(SystemClock())
    return [(check.what, check.ok, check.remedy) for check in found]


async def place_checks() -> list[tuple[str, bool, str]]:
    """Say the same of each place that exports are brought to, as this account meets it."""
    # The extra 'server' may be absent on a workstation, which brings nothing anywhere.
    from transferapp.host.installation import InstallationSettings  # noqa: PLC0415
    from transferapp.places.settings import load_places  # noqa: PLC0415
    from transferapp.places.wiring import open_place  # noqa: PLC0415

    path = InstallationSettings().places_file
    found = []
    for name, settings in load_places(path).places.items():
        try:
            await open_place(name, settings).check()
        except TransferAppError as error:
            found.append((f"place '{name}'", False, error.message))
        else:
            found.append((f"place '{name}'", True, ""))
    return found


def local_people() -> Administration:
    """Return the administration of the embedded repository on this machine."""
    open_waiting_log()
    # The extra 'server' may be absent on a workstation.
    from transferapp.repositories.local.accounts.administration import (  # noqa: PLC0415
        Administration,
    )
    from transferapp.server.settings import ServerSettings  # noqa: PLC0415

    return Administration(private_folder(ServerSettings().repository_folder))
