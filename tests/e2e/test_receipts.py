"""Receipts from end to end: real agent, server and worker, and a person at a terminal."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.installation import PASSWORD, USERNAME, Terminal, make_tiffs
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.receipt_files import change_one_byte
from transferapp.cli.output import ExitCode
from transferapp.protocol import routes
from transferapp.sandbox.installation_repositories import running_sandbox
from transferapp.sandbox.local_installation import LocalInstallation

__all__ = ["postgres_server"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass
class Story:
    """An import that has ended, its source, and its receipt."""

    terminal: Terminal
    source: Path
    transfer_id: str

    @property
    def kept(self) -> Path:
        """Where the agent keeps the receipt by itself."""
        folder = self.terminal.installation.agent_socket.parent / "receipts"
        return folder / f"receipt-{self.transfer_id}.jws"


@contextmanager
def imported(installation: LocalInstallation, folder: Path) -> Iterator[Story]:
    """Start all processes, sign in, and import four images in two folders."""
    source = folder / "day 3"
    make_tiffs(source / "a", 2)
    make_tiffs(source / "b", 2, seed=8)
    installation.start_all()
    terminal = Terminal(installation)
    assert terminal.log_in().code == 0
    done = terminal.run(
        "import", str(source), "--to", "Dataset:Kidney", "--create", "--wait", "--json"
    )
    assert done.code == 0, done.err + done.out
    story = Story(terminal, source, done.json["transfer"]["id"])
    _until(story.kept)
    yield story


def _until(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, f"{path} is not there"
        time.sleep(0.05)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def story(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("receipts")
    environment = {}
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        environment["TRANSFERAPP_DATABASE"] = server.new_database()
    with LocalInstallation(folder / "h", environment) as installation:
        asyncio.run(installation.add_people(PASSWORD))
        with imported(installation, folder) as story:
            yield story


def test_the_agent_keeps_what_the_server_states(story: Story, tmp_path: Path) -> None:
    """And a person may save the same; it is verified with the server off."""
    terminal, saved = story.terminal, tmp_path / "mine.jws"
    answer = terminal.run("receipt", "save", story.transfer_id, "--to", str(saved), "--json")
    assert answer.json == {"receipt": str(saved)}
    assert saved.read_bytes() == story.kept.read_bytes()
    assert story.kept.stat().st_mode & 0o777 == 0o600
    terminal.installation.stop("server")
    try:
        found = terminal.run(
            "receipt", "verify", str(saved), "--files", str(story.source), "--json"
        )
        assert found.code == ExitCode.DONE, found.err
        stated = found.json["receipt"]
        assert (stated["owner"], stated["target_name"]) == (USERNAME, "Kidney")
        assert stated["origin"]["folders"] == [str(story.source)]
        assert found.json["key"]["whose"] == terminal.installation.url
        assert [one["found"] for one in found.json["files"]] == ["same"] * 4
        shown = terminal.run("receipt", "verify", str(saved))
        assert "good; key" in shown.out
        assert "4 files" in shown.out
    finally:
        terminal.installation.start("server")


def test_a_file_with_another_byte_or_none_is_named(story: Story, tmp_path: Path) -> None:
    copy = tmp_path / "day 3"
    shutil.copytree(story.source, copy)
    change_one_byte(copy / "a" / "field_001.tif")
    (copy / "b" / "field_000.tif").unlink()
    found = story.terminal.run("receipt", "verify", str(story.kept), "--files", str(tmp_path))
    assert found.code == ExitCode.SOME_FAILED
    assert "'day 3/a/field_001.tif' has other bytes" in found.err
    assert "'day 3/b/field_000.tif' is not there" in found.err
    assert "Of 4 files: 2 as the receipt says, 1 different, 1 missing." in found.err


def test_a_changed_receipt_and_an_unknown_key(story: Story, tmp_path: Path) -> None:
    changed = tmp_path / "changed.jws"
    changed.write_bytes(story.kept.read_bytes())
    change_one_byte(changed)
    found = story.terminal.run("receipt", "verify", str(changed), "--json")
    assert (found.code, found.json["code"]) == (ExitCode.PROBLEM, "damaged-receipt")
    keys = tmp_path / "none.json"
    keys.write_text('{"keys": []}')
    asked = ("receipt", "verify", str(story.kept), "--json", "--keys")
    found = story.terminal.run(*asked, str(keys))
    assert (found.code, found.json["code"]) == (ExitCode.PROBLEM, "receipt-key-unknown")
    assert "Nothing is proven" in found.json["detail"]
    address = story.terminal.installation.url + routes.RECEIPT_KEYS
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - our own
        keys.write_bytes(answer.read())
    found = story.terminal.run(*asked, str(keys))
    assert found.json["key"]["whose"] == str(keys)


def test_what_may_go(story: Story, tmp_path: Path) -> None:
    """A folder is covered, a copy of it too, and not with anything else in it."""
    copy = tmp_path / "copy"
    shutil.copytree(story.source, copy)
    (copy / "Thumbs.db").write_bytes(b"x")
    covered = story.terminal.run("receipt", "covered", str(story.source), str(copy))
    assert covered.code == ExitCode.DONE, covered.err + covered.out
    assert f"{copy}: covered. The repository holds all 4 files" in covered.out
    assert "1 file ignored by name" in covered.out
    assert "Nothing was deleted." in covered.err
    (copy / "a" / "notes.txt").write_text("stained twice")
    found = story.terminal.run("receipt", "covered", str(copy), "--json")
    assert found.code == ExitCode.SOME_FAILED
    (one,) = found.json["folders"]
    assert (one["covered"], one["covered_below"]) == (False, [str(copy / "b")])
    assert [file["path"] for file in one["uncovered"]] == [str(copy / "a" / "notes.txt")]


def test_the_repository_is_asked_now(story: Story) -> None:
    """A byte of a stored original is another: only reading finds it, and names the file."""
    check = ("receipt", "check", str(story.kept))
    found = story.terminal.run(*check)
    assert (found.code, "holds all 4 files" in found.err) == (ExitCode.DONE, True)
    content = (story.source / "b" / "field_001.tif").read_bytes()
    originals = Path(story.terminal.installation.environment["TRANSFERAPP_HOME"])
    (stored,) = (
        one
        for one in originals.rglob("originals/*/*/*")
        if one.is_file() and one.read_bytes() == content
    )
    stored.chmod(0o600)
    change_one_byte(stored)
    try:
        assert story.terminal.run(*check).code == ExitCode.DONE
        found = story.terminal.run(*check, "--deep")
        assert found.code == ExitCode.SOME_FAILED
        assert "'day 3/b/field_001.tif' has other bytes in the repository" in found.err
        covered = story.terminal.run(
            "receipt", "covered", str(story.source), "--deep", "--json"
        )
        assert covered.code == ExitCode.SOME_FAILED
        (one,) = covered.json["folders"]
        assert one["covered_below"] == [str(story.source / "a")]
        assert "field_001.tif" in one["uncovered"][0]["path"]
    finally:
        change_one_byte(stored)


def test_agent_and_server_are_killed_around_the_end(tmp_path: Path) -> None:
    """The receipt comes all the same, once, and whole."""
    with LocalInstallation(tmp_path / "h") as installation:
        asyncio.run(installation.add_people(PASSWORD))
        source = tmp_path / "run"
        make_tiffs(source, 6)
        installation.start_all()
        terminal = Terminal(installation)
        assert terminal.log_in().code == 0
        done = terminal.run("import", str(source), "--to", "Dataset:K", "--create", "--json")
        assert done.code == 0, done.err
        transfer_id = done.json["transfer"]["id"]
        story = Story(terminal, source, transfer_id)
        for _ in range(4):
            for name in ("agent", "server"):
                installation.kill(name)
                installation.start(name)
        waited = terminal.run("transfers", "show", transfer_id, "--json")
        assert waited.code == 0, waited.err
        _until(story.kept)
        found = terminal.run(
            "receipt", "verify", str(story.kept), "--files", str(source), "--json"
        )
        assert found.code == ExitCode.DONE, found.err + found.out
        assert len(found.json["files"]) == 6
        assert found.json["receipt"]["items_missing"] == 0
        names = [path.name for path in story.kept.parent.glob("*.jws")]
        assert names == [story.kept.name]


def test_omero(tmp_path: Path) -> None:
    """One byte of an original file in OMERO's managed repository is another."""
    with (
        running_sandbox(tmp_path / "omero", PASSWORD, "ssl") as repository,
        LocalInstallation(tmp_path / "h", {}, repository) as installation,
        imported(installation, tmp_path) as story,
    ):
        check = ("receipt", "check", str(story.kept), "--json")
        for deep in ((), ("--deep",)):
            found = story.terminal.run(*check, *deep)
            assert found.code == ExitCode.DONE, found.err + found.out
        stated = json.loads(
            story.terminal.run("receipt", "verify", str(story.kept), "--json").out
        )["receipt"]
        assert all(item["fileset_id"] for item in stated["items"])
        assert all(f["repository_id"] for item in stated["items"] for f in item["files"])
        content = (story.source / "a" / "field_000.tif").read_bytes()
        (stored,) = (
            one
            for one in (tmp_path / "omero").rglob("*.tif")
            if one.is_file() and one.read_bytes() == content
        )
        stored.chmod(0o600)
        change_one_byte(stored)
        assert story.terminal.run(*check).code == ExitCode.DONE
        found = story.terminal.run(*check, "--deep")
        assert found.code == ExitCode.SOME_FAILED
        by_path = {one["path"]: one["holding"] for one in found.json["files"]}
        assert by_path.pop("day 3/a/field_000.tif") == "differs"
        assert set(by_path.values()) == {"held"}
