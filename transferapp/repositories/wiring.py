"""Open the image repository that the settings name: ours, or one of another package."""

from __future__ import annotations

from pathlib import Path

from transferapp.bioformats.wiring import open_bio_formats
from transferapp.host.clock import Clock
from transferapp.host.extensions import ExtensionPoint
from transferapp.host.paths import private_folder
from transferapp.repositories.local.repository import LocalRepository
from transferapp.repositories.omero.wiring import open_omero_repository
from transferapp.repositories.port import Repository

#: Entry points: callables that take a Clock and return a Repository.
POINT = ExtensionPoint(
    "transferapp.repositories", "TRANSFERAPP_REPOSITORY", Repository, ("local", "omero")
)


def open_repository(
    name: str, folder: Path, clock: Clock, *, for_people: bool = False
) -> Repository:
    """Return the repository of this name; ``folder`` is where the embedded one lives, and
    what workers tell each other of OMERO's imports. ``for_people``: who asks waits for the
    answer, so that one that does not come is given up soon.

    Raises SettingsInvalid for a name that is not known, a wrong setting of the repository's
    own, and a package that is missing or broken.
    """
    if name == "local":
        return LocalRepository(private_folder(folder), clock, bio_formats=open_bio_formats())
    if name == "omero":
        notes = private_folder(folder / "omero-imports")
        return open_omero_repository(clock, notes, for_people=for_people)
    opened: Repository = POINT.open(name, clock)
    return opened
