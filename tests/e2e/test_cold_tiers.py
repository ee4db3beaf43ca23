"""Originals on a tape, real processes, both repositories: they are asked for and waited for."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.both_repositories import signed_in
from tests.support.facility import sha1s
from tests.support.installation import PASSWORD, Terminal, make_tiffs
from tests.support.tape import Tape
from transferapp.model.transfers import ItemState
from transferapp.sandbox.installation_repositories import running_sandbox
from transferapp.sandbox.local_installation import LocalInstallation
from transferapp.tier_errors import InArchive

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PATIENCE_S = 120
#: It is asked again after some seconds.
ETA_S = 20


@dataclass
class ColdEnv:
    """An installation whose originals a test puts on a tape."""

    alice: Terminal
    tape: Tape
    #: The folder of the repository that the server sees.
    seen: Path
    originals: list[Path]
    sources: list[Path]

    def wait_for(self, what: str, holds: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not holds():
            worker = self.alice.installation.tail("worker")
            assert time.monotonic() < until, f"never: {what}\n{worker}"
            time.sleep(0.1)


#: In memory the embedded repository is tried by ``tests/integration/test_cold_tiers.py``.
BACKENDS = (pytest.param("embedded", marks=pytest.mark.chaos), "omero")


@pytest.fixture(scope="module", params=BACKENDS)
def env(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ColdEnv]:
    home = tmp_path_factory.mktemp("cold")
    tape = Tape(home / "archive")
    places = home / "places.toml"
    more = {
        "TRANSFERAPP_RECALL_FILE": str(tape.settings),
        "TRANSFERAPP_PLACES_FILE": str(places),
    }
    if request.param == "embedded":
        with LocalInstallation(home / "i", more) as installation:
            seen = home / "i" / "data" / "server" / "repository" / "filesets"
            places.write_text(f'[mounted]\n"{seen}" = "/mnt/originals"\n')
            yield _filled(home, signed_in(installation), tape, seen)
        return
    if find_spec("omero") is None:
        pytest.skip("needs omero-py")
    with running_sandbox(home / "omero", PASSWORD) as repository:
        seen = repository.sandbox.repository_folder
        places.write_text(f'[mounted]\n"{seen}" = "/mnt/originals"\n')
        more["TRANSFERAPP_OMERO_MANAGED_REPOSITORY"] = str(seen)
        with LocalInstallation(home / "i", more, repository) as installation:
            yield _filled(home, signed_in(installation), tape, seen)


def _filled(home: Path, alice: Terminal, tape: Tape, seen: Path) -> ColdEnv:
    make_tiffs(home / "in", 3)
    done = alice.run("import", str(home / "in"), "--to", "Dataset:Cells", "--create", "--wait")
    assert done.code == 0, done.err
    originals = sorted(seen.rglob("*.tif*"), key=lambda path: path.name)
    assert len(originals) == 3
    return ColdEnv(alice, tape, seen, originals, sorted((home / "in").iterdir()))


def test_the_tape_is_waited_for_whatever_dies(env: ColdEnv, tmp_path: Path) -> None:
    for path in env.originals[:2]:
        env.tape.put(path, "offline", ETA_S)
    before = env.alice.run("export", "Dataset:Cells", "--dry-run")
    assert "2 of the files come from the archive, about a minute" in before.err
    out = tmp_path / "out"
    command = ["export", "Dataset:Cells", "--to", str(out), "--wait", "--layout", "flat"]
    with subprocess.Popen(
        [sys.executable, "-m", "transferapp", *command],
        env=env.alice.installation.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as export:
        env.wait_for("all are asked for", lambda: len(env.tape.asked("recall")) == 2)
        env.alice.installation.kill("worker")
        env.alice.installation.start("worker")
        listed = env.alice.run("transfers", "list", "--json").json
        transfer_id = listed[0]["id"]

        def waits() -> bool:
            items = env.alice.details(transfer_id).items
            codes = [one.trouble.code for one in items if one.trouble]
            return codes == [InArchive.code] * 2

        env.wait_for("two wait", waits)
        shown = env.alice.run("transfers", "show", transfer_id)
        assert "From the archive, about a minute" in shown.out + shown.err
        runs = env.tape.runs("status")
        env.wait_for("it is asked again", lambda: env.tape.runs("status") > runs)
        for path in env.originals[:2]:
            env.tape.put(path, "online", None)
        _, stated = export.communicate(timeout=PATIENCE_S)
    assert export.returncode == 0, stated
    assert stated.count("Waiting: From the archive, about a minute.") == 1
    files = [path for path in out.iterdir() if path.suffix in {".tif", ".tiff"}]
    assert sha1s(files) == sha1s(env.sources)
    assert sorted(env.tape.asked("recall")) == sorted(map(str, env.originals[:2]))
    items = env.alice.details(transfer_id).items
    assert {item.state for item in items} == {ItemState.DELIVERED}


def test_conversions_wait_too(env: ColdEnv, tmp_path: Path) -> None:
    env.tape.put(env.originals[2], "offline", ETA_S)
    asked = env.alice.run(
        "export", "Dataset:Cells", "--form", "ome-tiff", "--to", str(tmp_path / "o"), "--json"
    )
    transfer_id = asked.json["transfer"]["id"]

    def problems() -> list[str]:
        items = env.alice.details(transfer_id).items
        return [one.trouble.code for one in items if one.trouble]

    env.wait_for("one waits", lambda: problems() == [InArchive.code])
    env.tape.put(env.originals[2], "online", None)

    def delivered() -> bool:
        items = env.alice.details(transfer_id).items
        return {item.state for item in items} == {ItemState.DELIVERED}

    env.wait_for("all are here", delivered)


def test_a_site_that_mounts_the_storage_gets_a_list(env: ColdEnv, tmp_path: Path) -> None:
    """The list leads to the same bytes; nothing is copied, or asked of the tape."""
    to = f"paths:{tmp_path / 'cells'}"
    done = env.alice.run("export", "Dataset:Cells", "--to", to, "--json")
    assert (done.code, done.json["files"], done.json["without_path"]) == (0, 3, 0), done.err
    files = json.loads((tmp_path / "cells.json").read_text())["files"]
    here = {str(env.seen / Path(one["path"]).relative_to("/mnt/originals")) for one in files}
    assert here == {str(path) for path in env.originals}
    assert sorted(one["sha1"] for one in files) == sha1s(env.sources)
    assert (tmp_path / "cells.csv").exists()
    again = env.alice.run("export", "Dataset:Cells", "--to", to)
    assert again.code != 0
    assert "is there already" in again.err
