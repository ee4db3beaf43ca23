"""What people ask of an import on the command line, through agent, server and worker, in both
repositories.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.support.installation import PASSWORD, Terminal, make_tiffs
from transferapp.client.agent import AgentClient
from transferapp.model.annotations import EDITABLE_PAIRS
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.images import ImageDetails
from transferapp.model.transfers import Transfer
from transferapp.protocol.messages import SubmissionView
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.sandbox.installation_repositories import SandboxRepository, running_sandbox
from transferapp.sandbox.local_installation import LocalInstallation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

WEB = "https://omero.example.org/omero/"
OMERO = {"TRANSFERAPP_OMERO_WEB": WEB, "TRANSFERAPP_IMPORT_SKIP": "minmax checksum"}
REPOSITORIES = ("embedded", "omero")


def _installed(
    folder: Path, environment: dict[str, str], repository: Any = None
) -> Iterator[Terminal]:
    with LocalInstallation(folder, environment, repository) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        yield terminal


@pytest.fixture(scope="module", params=REPOSITORIES)
def terminal(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    folder = tmp_path_factory.mktemp("options")
    if request.param == "embedded":
        yield from _installed(folder, {})
        return
    if find_spec("omero") is None:
        pytest.skip("needs omero-py")
    with running_sandbox(folder / "omero", PASSWORD) as repository:
        yield from _installed(folder / "i", OMERO, repository)


def images_of(terminal: Terminal, answer: Any) -> dict[str, list[ImageDetails]]:
    """Return the images that an import made, by its items' names."""

    async def ask() -> dict[str, list[ImageDetails]]:
        async with await terminal.installation.sign_in("alice", PASSWORD) as server:
            return {
                item["name"]: [await server.image(number) for number in item["image_ids"]]
                for item in answer["items"]
            }

    return asyncio.run(ask())


def test_tags_comment_and_pairs_are_on_every_image(terminal: Terminal, tmp_path: Path) -> None:
    make_tiffs(tmp_path / "run", 2, edge=32)
    done = terminal.run(
        "import", str(tmp_path / "run"), "--to", "Dataset:Noted", "--create",
        "--tag", "fixed", "--tag", "day 3", "--comment", "Nice ones",
        "--key-value", "stain=DAPI", "--key-value", "dose=3 µM", "--wait", "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    found = [image for some in images_of(terminal, done.json).values() for image in some]
    assert len(found) == 2
    for image in found:
        notes = {(str(n.kind), n.namespace, n.value, n.pairs) for n in image.annotations}
        assert notes == {
            ("tag", "", "fixed", ()),
            ("tag", "", "day 3", ()),
            ("comment", "", "Nice ones", ()),
            ("key-value", EDITABLE_PAIRS, "", (("stain", "DAPI"), ("dose", "3 µM"))),
        }


def test_each_image_has_its_page_in_omero_web(terminal: Terminal, tmp_path: Path) -> None:
    make_tiffs(tmp_path / "run", 2, edge=32, seed=8)
    where = ("--to", "Dataset:Linked", "--create", "--wait")
    done = terminal.run("import", str(tmp_path / "run"), *where, "--json")
    assert done.code == 0, done.err
    listed = terminal.run("transfers", "show", done.json["transfer"]["id"], "--json").json
    screen = terminal.run("transfers", "show", done.json["transfer"]["id"])
    ids = [number for item in done.json["items"] for number in item["image_ids"]]
    with_web = terminal.installation.repository.environment.get("TRANSFERAPP_REPOSITORY")
    pages = {str(one): f"{WEB}webclient/?show=image-{one}" for one in ids if with_web}
    assert len(ids) == 2
    assert done.json["image_pages"] == listed["image_pages"] == pages
    assert all(page in screen.out + screen.err for page in pages.values())
    until = time.monotonic() + 20
    while not (inbox := terminal.run("inbox", "list", "--json").json["items"]):
        assert time.monotonic() < until
    [shown] = [one for one in inbox if one["transfer_id"] == done.json["transfer"]["id"]]
    assert shown["links"] == list(pages.values())


def test_a_table_gives_each_file_its_own_pairs(terminal: Terminal, tmp_path: Path) -> None:
    make_tiffs(tmp_path / "run", 3, edge=32, seed=9)
    table = tmp_path / "meta.csv"
    table.write_text("file;stain;dose\nfield_000.tif;DAPI;3\nrun/field_002.tif;GFP;\n")
    asked = ("import", str(tmp_path / "run"), "--to", "Dataset:Table", "--create")
    given = ("--key-values", str(table), "--key-value", "lab=A1")
    done = terminal.run(*asked, *given, "--wait", "--json")
    assert done.code == 0, done.err
    assert "1 fileset has no key-value pairs in 'meta.csv'" in done.err
    found = images_of(terminal, done.json)
    pairs = {name: {n.pairs for n in images[0].annotations} for name, images in found.items()}
    every = (("lab", "A1"),)
    assert pairs == {
        "field_000.tif": {every, (("stain", "DAPI"), ("dose", "3"))},
        "field_001.tif": {every},
        "field_002.tif": {every, (("stain", "GFP"),)},
    }
    table.write_text("file,stain\nfield_9.tif,DAPI\n")
    refused = terminal.run(*asked, *given)
    assert refused.code == 1
    assert "no file that is imported is called 'field_9.tif'" in refused.err


def test_a_table_gives_images_of_one_file_their_own_pairs(
    terminal: Terminal, tmp_path: Path
) -> None:
    path = tmp_path / "run.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as writer:
        for number, name in enumerate(("Position 1", "Position 2", "Twice", "Twice")):
            plane = np.full((8, 9), number, np.uint8)
            writer.write(plane, metadata={"axes": "YX", "Name": name})
    table = tmp_path / "meta.csv"
    rows = ("Position 1,DAPI", "#2,GFP", "Twice,RFP", "run.ome.tif [Position 9],Cy5", ",all")
    table.write_text("File,Image Name,stain\n" + "".join(f"run.ome.tif,{r}\n" for r in rows))
    asked = ("import", str(path), "--to", "Dataset:Series", "--create", "--wait")
    done = terminal.run(*asked, "--key-values", str(table), "--json")
    assert done.code == 0, done.err
    [images] = images_of(terminal, done.json).values()
    assert [{pair for n in one.annotations for _, pair in n.pairs} for one in images] == [
        {"DAPI", "all"}, {"GFP", "all"}, {"all"}, {"all"},
    ]  # fmt: skip
    [item] = done.json["items"]
    assert "'Position 9'" in item["note"]
    assert "'Twice'" in item["note"]
    shown = terminal.run("transfers", "show", done.json["transfer"]["id"])
    assert "No image is called" in shown.out
    table.write_text("Image Name,stain\nrun.ome.tif [Position 1],DAPI\nother.lif [a],GFP\n")
    refused = terminal.run(*asked, "--key-values", str(table))
    assert refused.code == 1
    assert "line 3: no file that is imported is called 'other.lif [a]'" in refused.err


def test_an_administrator_imports_for_another_person(
    terminal: Terminal, tmp_path: Path
) -> None:
    make_tiffs(tmp_path / "run", 1, edge=32, seed=12)
    where = ("--to", "Dataset:Of Bob", "--create", "--wait", "--json")
    asked = ("import", str(tmp_path / "run"), "--for", "bob", *where)
    try:
        _log_in(terminal, "bob")
        refused = terminal.run(*asked[:3], "alice", *where)
        assert refused.code == 3
        assert json.loads(refused.out)["code"] == "permission-denied"
        _add_administrator(terminal)
        _log_in(terminal, "boss")
        done = terminal.run(*asked)
        assert done.code == 0, done.err
        transfer = done.json["transfer"]
        assert (transfer["owner"], transfer["asked_by"]) == ("bob", "boss")
        shown = terminal.run("transfers", "show", transfer["id"])
        assert "Asked for by boss; the images belong to bob." in shown.out + shown.err
        both = terminal.run(*asked, "--skip-existing")
        assert "goes by your own images" in both.out
    finally:
        terminal.log_in()

    async def ask() -> tuple[str, str, list[str]]:
        async with await terminal.installation.sign_in("bob", PASSWORD) as server:
            [number] = [one for item in done.json["items"] for one in item["image_ids"]]
            image = await server.image(number)
            target = ContainerRef.parse("{kind}:{id}".format(**transfer["target"]))
            dataset = await server.container(target)
            listed = [one.id for one in (await server.transfers()).items]
        return image.summary.owner, dataset.owner, listed

    assert asyncio.run(ask()) == ("bob", "bob", [transfer["id"]])


def test_a_leader_imports_for_a_member_of_her_group(terminal: Terminal, tmp_path: Path) -> None:
    repository = terminal.installation.repository
    if not isinstance(repository, SandboxRepository):  # There alice leads the lab.
        people = Administration(repository._folder)  # type: ignore[attr-defined]
        asyncio.run(people.add_member("alice", "lab", owner=True))
    make_tiffs(tmp_path / "run", 1, edge=32, seed=23)
    where = ("--to", "Dataset:Led", "--create", "--wait", "--json")
    done = terminal.run("import", str(tmp_path / "run"), "--for", "bob", *where)
    assert done.code == 0, done.err
    transfer = done.json["transfer"]
    assert (transfer["owner"], transfer["asked_by"]) == ("bob", "alice")

    async def owners() -> tuple[str, str]:
        async with await terminal.installation.sign_in("bob", PASSWORD) as server:
            [number] = [one for item in done.json["items"] for one in item["image_ids"]]
            target = ContainerRef.parse("{kind}:{id}".format(**transfer["target"]))
            image, dataset = await server.image(number), await server.container(target)
        return image.summary.owner, dataset.owner

    assert asyncio.run(owners()) == ("bob", "bob")


def _add_administrator(terminal: Terminal) -> None:
    repository = terminal.installation.repository
    if isinstance(repository, SandboxRepository):
        groups = ["lab", "system"]
        repository.sandbox.control("add_user", name="boss", password=PASSWORD, groups=groups)
        return

    async def add() -> None:
        people = Administration(repository._folder)  # type: ignore[attr-defined]
        await people.add_experimenter("boss", "The Boss", PASSWORD, is_admin=True)

    asyncio.run(add())


def _log_in(terminal: Terminal, name: str) -> None:
    url = terminal.installation.url
    asked = ("login", url, "--user", name, "--password-stdin", "--in-file")
    assert terminal.run(*asked, text=f"{PASSWORD}\n").code == 0


def test_a_path_of_names_in_a_group(terminal: Terminal, tmp_path: Path) -> None:
    make_tiffs(tmp_path / "run", 1, edge=32, seed=10)
    with_omero = "TRANSFERAPP_REPOSITORY" in terminal.installation.repository.environment
    group = "private" if with_omero else "lab"
    asked = ("import", str(tmp_path / "run"), "--to", "Flies 10:30/Wings", "--wait", "--json")
    assert terminal.run(*asked, "--group", group).code == 1
    done = terminal.run(*asked, "--group", group, "--create")
    assert done.code == 0, done.err
    [[image]] = images_of(terminal, done.json).values()
    assert image.container_names[-1] == "Wings"
    wrong = terminal.run(*asked, "--group", "nobody's")
    assert "Yours are: " in wrong.out

    async def ask() -> tuple[str, str]:
        async with await terminal.installation.sign_in("alice", PASSWORD) as server:
            names = {one.id: one.name for one in (await server.identity()).groups}
            target = done.json["transfer"]["target"]
            kept = ContainerRef(ContainerKind(target["kind"]), target["id"])
            dataset = await server.container(kept)
            assert dataset.parent is not None
            above = await server.container(dataset.parent)
        return names[image.summary.group_id], above.name

    assert asyncio.run(ask()) == (group, "Flies 10:30")


def test_only_what_the_facility_allows_is_skipped(terminal: Terminal, tmp_path: Path) -> None:
    make_tiffs(tmp_path / "run", 1, edge=32, seed=11)
    where = ("--to", "Dataset:Skipped", "--create", "--wait", "--json")
    asked = ("import", str(tmp_path / "run"), *where)
    refused = terminal.run(*asked, "--skip", "thumbnails")
    assert refused.code == 3
    assert "does not let imports skip thumbnails" in refused.out + refused.err
    done = terminal.run(*asked, "--skip", "minmax")
    if "TRANSFERAPP_REPOSITORY" not in terminal.installation.repository.environment:
        assert done.code == 3
        return
    assert done.code == 0, done.err
    [[image]] = images_of(terminal, done.json).values()
    window = [(one.window_start, one.window_end) for one in image.pixels.channels]
    assert window == [(0.0, 65535.0)]
    assert terminal.becomes_safe_to_delete(done.json["transfer"]["id"])


def kept(terminal: Terminal, name: str) -> tuple[list[Container], list[Transfer]]:
    """Return the datasets and the transfers of this name."""

    async def ask() -> tuple[list[Container], list[Transfer]]:
        async with await terminal.installation.sign_in("alice", PASSWORD) as server:
            datasets = await server.containers(None, kind=ContainerKind.DATASET)
            transfers = (await server.transfers()).items
        here = [one for one in datasets if one.name == name]
        return here, [one for one in transfers if one.target_name == name]

    return asyncio.run(ask())


def test_no_target_is_made_for_an_import_that_is_refused(
    terminal: Terminal, tmp_path: Path
) -> None:
    make_tiffs(tmp_path / "run", 1, edge=32, seed=21)
    where = ("--to", "Dataset:Never", "--create")
    refused = terminal.run("import", str(tmp_path / "run"), *where, "--skip", "thumbnails")
    assert refused.code == 3
    terminal.installation.kill("agent")
    try:
        unreachable = terminal.run("import", str(tmp_path / "run"), *where)
        assert unreachable.code != 0
    finally:
        terminal.installation.start("agent")
    assert kept(terminal, "Never") == ([], [])


def test_an_omero_that_compares_no_sizes_says_so_before_anything_is_sent(
    terminal: Terminal, tmp_path: Path
) -> None:
    repository = terminal.installation.repository
    if not isinstance(repository, SandboxRepository):
        pytest.skip("the embedded repository skips nothing")
    make_tiffs(tmp_path / "run", 1, edge=32, seed=22)
    asked = ("import", str(tmp_path / "run"), "--skip", "checksum", "--wait", "--to")
    key = "omero.checksum.supported"
    repository.sandbox.control("set", key=key, value="SHA1-160,MD5-128")
    try:
        assert (
            terminal.run(
                "import", str(tmp_path / "run"), "--to", "Dataset:There", "--create"
            ).code
            == 0
        )
        for to in (("Dataset:None", "--create"), ("Dataset:There",)):
            refused = terminal.run(*asked, *to)
            assert refused.code == 1
            assert "This OMERO does not let imports skip checksums" in refused.err
            assert "Import without --skip checksum" in refused.err
    finally:
        every = "SHA1-160,MD5-128,Murmur3-128,Murmur3-32,CRC-32,Adler-32,File-Size-64"
        repository.sandbox.control("set", key=key, value=every)
    assert kept(terminal, "None") == ([], [])
    assert len(kept(terminal, "There")[1]) == 1


def test_without_checksums_nobody_says_that_the_source_may_go(
    terminal: Terminal, tmp_path: Path
) -> None:
    make_tiffs(tmp_path / "run", 2, edge=32, seed=13)
    where = ("--to", "Dataset:Sizes only", "--create", "--wait", "--json")
    done = terminal.run("import", str(tmp_path / "run"), *where, "--skip", "checksum")
    if "TRANSFERAPP_REPOSITORY" not in terminal.installation.repository.environment:
        assert done.code == 3
        assert "does not let imports skip checksum" in done.out
        return
    assert done.code == 0, done.err
    assert {item["state"] for item in done.json["items"]} == {"imported"}
    assert not any(item["verified"] for item in done.json["items"])
    assert all("Keep the source." in item["note"] for item in done.json["items"])
    transfer_id = done.json["transfer"]["id"]
    shown = terminal.run("transfers", "show", transfer_id)
    assert "Not safe to delete the source: the repository's checksums" in shown.out + shown.err
    assert not terminal.safe_to_delete(transfer_id)

    async def until_ended() -> SubmissionView:
        async with AgentClient(terminal.installation.agent_socket) as agent:
            while True:
                view = await agent.submission(transfer_id)
                if view.state == "imported":
                    return view
                await asyncio.sleep(0.2)

    view = asyncio.run(asyncio.wait_for(until_ended(), 30))
    assert view.safe_to_switch_off
    assert not view.safe_to_delete_source
    assert not view.safe_to_delete_imported
