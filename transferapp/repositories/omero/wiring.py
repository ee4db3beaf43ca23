"""Make the OMERO repository for a process, or say what is missing; imports OMERO late."""

from __future__ import annotations

from pathlib import Path

from transferapp.errors import SettingsInvalid
from transferapp.host.clock import Clock
from transferapp.repositories.port import Repository


def open_omero_repository(clock: Clock, notes: Path, *, for_people: bool = False) -> Repository:
    """Read ``TRANSFERAPP_OMERO_*`` and return the repository; nothing is connected yet. Its
    workers share the private folder ``notes``. ``for_people``: a person waits for its answers.

    Raises SettingsInvalid for a wrong setting, and where omero-py is not installed.
    """
    from transferapp.repositories.omero.settings import OmeroSettings  # noqa: PLC0415

    settings = OmeroSettings()
    try:
        from transferapp.repositories.omero.repository import OmeroRepository  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise SettingsInvalid(
            "TRANSFERAPP_REPOSITORY is 'omero', but omero-py is not installed here. Run:"
            " pip install 'transferapp[omero]' (docs/omero.md tells where wheels are)."
        ) from error
    if for_people:
        settings = settings.for_people()
    return OmeroRepository(settings, clock, notes=notes)
