"""Whether this OMERO can place the files of a fileset."""

from __future__ import annotations

from transferapp.errors import NameNotAllowed, PermissionDenied
from transferapp.formats.omero_path_rules import stated_or_usual
from transferapp.formats.omero_places import no_place
from transferapp.model.filesets import FilesetPlan
from transferapp.repositories.omero.errors import translated
from transferapp.repositories.omero.sessions.gateway import Gateway

_SETTING = "omero.fs.repo.path_rules"


def path_rules(gateway: Gateway) -> str:
    """Ask OMERO for its rules; those that it has by default where it does not tell. Blocking.

    Raises RepositoryUnavailable.
    """
    try:
        with translated():
            return stated_or_usual(str(gateway.config().getConfigValue(_SETTING) or ""))
    except PermissionDenied:
        return stated_or_usual("")


def check_places(plan: FilesetPlan, rules: str) -> None:
    """Look whether each file gets a place of its own; raises NameNotAllowed."""
    if problem := no_place([file.client_path for file in plan.files], rules):
        raise NameNotAllowed(problem)
