"""The ``omero`` command's words for administrators work with the sandbox: people, groups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("omero")

from tests.support.omero_cli import OmeroCli
from tests.support.omero_sandbox_env import gateway, import_fake, make_dataset, unloaded
from transferapp.sandbox.omero_sandbox.fixture import ROOT_PASSWORD, RunningSandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("omero"), ("tcp", "ssl")) as started:
        yield started


@pytest.fixture(scope="module")
def root(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> OmeroCli:
    made = OmeroCli(sandbox, tmp_path_factory.mktemp("home"))
    made.login("root", ROOT_PASSWORD)
    return made


def lines_of(table: str) -> list[list[str]]:
    return [line.split(",") for line in table.splitlines()]


def test_people_are_listed(root: OmeroCli) -> None:
    rows = lines_of(root.run("user", "list", "--style", "csv"))
    names = {row[1] for row in rows}
    assert {"root", "alice", "bob", "importer"} <= names


def test_groups_are_listed_with_their_permissions(root: OmeroCli) -> None:
    rows = lines_of(root.run("group", "list", "--style", "csv"))
    found = {row[1]: row[2] for row in rows}
    assert found["lab"] == "rwra--"
    assert found["private"] == "rw----"


def test_one_person_is_described(root: OmeroCli) -> None:
    assert "alice" in root.run("user", "info", "--user-name", "alice", "--style", "plain")


def test_a_group_and_a_person_are_made(root: OmeroCli, sandbox: RunningSandbox) -> None:
    root.run("group", "add", "guests-of-the-lab", "--type", "read-only")
    root.run(
        "user", "add", "carol", "Carol", "Clark", "--group-name", "guests-of-the-lab",
        "-P", "hers-alone",
    )  # fmt: skip
    with gateway(sandbox, "carol", password="hers-alone") as conn:
        assert conn.getGroupFromContext().getName() == "guests-of-the-lab"
        assert str(conn.getGroupFromContext().getDetails().permissions).startswith("rwr---")
    root.run("user", "joingroup", "--name", "carol", "--group-name", "lab")
    rows = lines_of(root.run("group", "listusers", "lab", "--style", "csv"))
    assert "carol" in {row[1] for row in rows}


def test_chgrp_moves_a_dataset_with_its_images(sandbox: RunningSandbox, tmp_path: Path) -> None:
    alice = OmeroCli(sandbox, tmp_path)
    alice.login()
    with gateway(sandbox) as conn:
        dataset = unloaded(make_dataset(conn, "moving"))
        image = import_fake(conn, "moving&sizeX=8.fake", dataset).objects[0].id.val
    alice.run("chgrp", "private", f"Dataset:{dataset.id.val}")
    with gateway(sandbox) as conn:
        conn.SERVICE_OPTS.setOmeroGroup("-1")
        moved = conn.getObject("Image", image)
        assert moved.getDetails().getGroup().getName() == "private"
        fileset = moved.getFileset()
        assert fileset.getDetails().getGroup().getId() == _group(conn, "private")
        files = list(moved.getImportedImageFiles())
        assert {file.getDetails().getGroup().getName() for file in files} == {"private"}
    with gateway(sandbox, "bob") as conn:
        conn.SERVICE_OPTS.setOmeroGroup("-1")
        assert conn.getObject("Image", image) is None


def _group(conn: Any, name: str) -> int:
    return int(conn.getAdminService().lookupGroup(name).getId().getValue())
