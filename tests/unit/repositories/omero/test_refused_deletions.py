"""What the ERR of a deletion means."""

from __future__ import annotations

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from transferapp import errors
from transferapp.repositories.omero.catalogue.commands import refused
from transferapp.repositories.omero.ice_imports import omero


@pytest.mark.parametrize(
    ("thrown", "message", "kind"),
    [
        ("ome.services.graphs.GraphException", "not permitted to x", errors.PermissionDenied),
        ("ome.services.graphs.GraphException", "does not own x", errors.PermissionDenied),
        ("ome.services.graphs.GraphException", "cannot null x", errors.StateConflict),
        ("omero.SecurityViolation", "no", errors.PermissionDenied),
        ("omero.DatabaseBusyException", "later", errors.RepositoryUnavailable),
        ("java.lang.NullPointerException", "", errors.StateConflict),
    ],
)
def test_by_its_class(thrown: str, message: str, kind: type[errors.TransferAppError]) -> None:
    trace = f"{thrown}: {message}\n\tat Ice.ConnectionI.dispatch(ConnectionI.java:1)\n"
    parameters = {"message": message, "stacktrace": trace}
    error = refused(omero.cmd.ERR("::omero::cmd::Delete2", "graph-fail", parameters))
    assert type(error) is kind
    assert f"OMERO says: {message or 'graph-fail'}" in error.message
