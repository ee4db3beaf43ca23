"""EventLog: the sandbox keeps what was made, changed and deleted, as OMERO does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

pytest.importorskip("omero")

import omero

from tests.support.omero_sandbox_env import gateway, import_fake, make_dataset

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("omero")) as made:
        yield made


@pytest.fixture
def conn(sandbox: RunningSandbox) -> Iterator[Any]:
    with gateway(sandbox) as made:
        yield made


def _logged(conn: Any, kind: str, id_: int) -> list[list[Any]]:
    """Return actions with their events and who did them."""
    rows = conn.getQueryService().projection(
        "select el.action, el.event.id, el.event.experimenter.omeName from EventLog el"
        " where el.entityType = :kind and el.entityId = :id order by el.id",
        omero.sys.ParametersI().addId(id_).addString("kind", kind),
    )
    return [[part.val for part in row] for row in rows]


def test_what_was_made_changed_and_deleted_is_logged(conn: Any) -> None:
    made = make_dataset(conn, "first")
    id_ = made.id.val
    made.name = omero.rtypes.rstring("second")
    conn.getUpdateService().saveObject(made)
    conn.deleteObjects("Dataset", [id_], wait=True)
    logged = _logged(conn, "ome.model.containers.Dataset", id_)
    assert [(action, who) for action, _event, who in logged] == [
        ("INSERT", "alice"),
        ("UPDATE", "alice"),
        ("DELETE", "alice"),
    ]
    assert len({event for _action, event, _who in logged}) == 3


def test_a_change_is_the_last_event_of_a_record(conn: Any) -> None:
    made = make_dataset(conn, "first")
    made.name = omero.rtypes.rstring("second")
    conn.getUpdateService().saveObject(made)
    details = conn.getObject("Dataset", made.id.val).getDetails()
    _made, changed = _logged(conn, "ome.model.containers.Dataset", made.id.val)
    assert details.updateEvent.id.val == changed[1]
    assert details.creationEvent.id.val != changed[1]


def test_a_save_that_failed_is_not_logged(conn: Any) -> None:
    made = make_dataset(conn, "first")
    made.name = omero.rtypes.rstring("second")
    nobody = omero.model.DatasetImageLinkI()
    nobody.parent = omero.model.DatasetI(made.id.val, False)
    nobody.child = omero.model.ImageI(999_999, False)
    with pytest.raises(omero.ServerError):
        conn.getUpdateService().saveArray([made, nobody])
    assert conn.getObject("Dataset", made.id.val).getName() == "first"
    (only,) = _logged(conn, "ome.model.containers.Dataset", made.id.val)
    assert only[0] == "INSERT"


def test_imports_are_logged_step_by_step(conn: Any) -> None:
    fileset = import_fake(conn, "cells.fake").objects[0].fileset
    (job,) = conn.getQueryService().projection(
        "select l.child.id from FilesetJobLink l where l.parent.id = :id"
        " and l.child.class = UploadJob",
        omero.sys.ParametersI().addId(fileset.id.val),
    )
    upload = _logged(conn, "ome.model.jobs.UploadJob", job[0].val)
    assert [action for action, _event, _who in upload] == ["INSERT", "UPDATE"]


def test_a_restart_logs_nothing_of_what_was_there(conn: Any, sandbox: RunningSandbox) -> None:
    id_ = make_dataset(conn, "kept").id.val
    sandbox.restart()
    with gateway(sandbox) as again:
        assert len(_logged(again, "ome.model.containers.Dataset", id_)) == 1
