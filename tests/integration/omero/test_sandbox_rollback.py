"""A save that fails half-way leaves nothing behind, also not after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("omero")

import omero
from omero.rtypes import rstring

from tests.support.omero_sandbox_env import gateway, make_dataset
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox


@pytest.fixture
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("omero"), ("tcp",)) as started:
        yield started


def named(kind: str, name: str) -> Any:
    made = getattr(omero.model, f"{kind}I")()
    made.name = rstring(name)
    return made


def link_to_nobody(dataset: Any) -> Any:
    """A link from a new dataset to an image that is not there."""
    broken = omero.model.DatasetImageLinkI()
    broken.parent, broken.child = dataset, omero.model.ImageI(999, False)
    return broken


def names(conn: Any, kind: str) -> list[str]:
    return sorted(one.getName() for one in conn.getObjects(kind))


def test_nothing_of_a_failed_save_stays(sandbox: RunningSandbox) -> None:
    with gateway(sandbox) as conn:
        kept = make_dataset(conn, "kept")
        renamed = conn.getQueryService().get("Dataset", kept.id.val)
        renamed.name = rstring("renamed")
        fresh = named("Dataset", "half")
        graph = [named("Project", "half"), renamed, fresh, link_to_nobody(fresh)]
        with pytest.raises(omero.ValidationException):
            conn.getUpdateService().saveAndReturnArray(graph)
        assert names(conn, "Dataset") == ["kept"]
        assert names(conn, "Project") == []
        again = named("Dataset", "whole")
        made = conn.getUpdateService().saveAndReturnObject(again)
        assert made.id.val > kept.id.val
    sandbox.restart()
    with gateway(sandbox) as conn:
        assert names(conn, "Dataset") == ["kept", "whole"]
        assert names(conn, "Project") == []
        assert list(conn.getObject("Dataset", kept.id.val).listChildren()) == []
