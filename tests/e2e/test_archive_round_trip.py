"""Both halves of an archive: what leaves one repository is in the other one as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.archived_data import fill
from tests.support.both_repositories import REPOSITORIES, installed
from tests.support.export_env import manifests
from tests.support.installation import Terminal
from transferapp.archive.lines import ContainerLine, ImageLine
from transferapp.archive.reading import archive_lines
from transferapp.cli.output import ExitCode
from transferapp.sandbox.installation_repositories import SandboxRepository

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@dataclass
class Servers:
    """The one that alice leaves, and the one that she comes to."""

    old: Terminal
    new: Terminal


#: The other direction is for the long runs.
FROM = ("embedded", pytest.param("omero", marks=pytest.mark.chaos))


@pytest.fixture(params=FROM)
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Servers]:
    [other] = set(REPOSITORIES) - {request.param}
    with ExitStack() as stack:
        both = [
            stack.enter_context(installed(kind, tmp_path / name))
            for kind, name in ((request.param, "old"), (other, "new"))
        ]
        for terminal in both:
            repository = terminal.installation.repository
            if isinstance(repository, SandboxRepository):
                # Else its policy keeps the files of plates back.
                policy = "+read,+write,+image,+plate"
                key = "omero.policy.binary_access"
                repository.sandbox.control("set", key=key, value=policy)
        yield Servers(*both)


def archived(terminal: Terminal, out: Path) -> Path:
    """Make an archive of alice and verify it; returns its manifest."""
    done = terminal.run("archive", "make", "--to", str(out), "--wait", timeout_s=240)
    assert done.code == 0, done.err
    manifest = manifests(out)["manifest.json"]
    verified = terminal.run("archive", "verify", str(manifest))
    assert verified.code == 0, verified.err
    return manifest


def stated(manifest: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what is said of containers and images, by their names and without ids."""
    lines = list(archive_lines(manifest.parent / "archive.jsonl"))
    boxes = {one.ref: one for one in lines if isinstance(one, ContainerLine)}
    containers: dict[str, Any] = {
        one.name: (
            one.ref.partition(":")[0],
            one.description,
            sorted(boxes[above].name for above in one.parents),
            _notes(one),
        )
        for one in boxes.values()
    }
    images: dict[Any, Any] = {}
    for one in lines:
        if not isinstance(one, ImageLine) or one.without_originals:
            continue
        shapes = [
            {key: value for key, value in shape.items() if key != "id"}
            for roi in one.rois
            for shape in roi["shapes"]
        ]
        well = one.well and (one.well.row, one.well.column, one.well.field)
        images[one.name, one.series, well] = (
            one.description, one.sizes, one.pixel_type, one.physical_sizes, _notes(one), shapes,
            sorted(boxes[ref].name for ref in one.containers),
            [channel.name for channel in one.channels],
        )  # fmt: skip
    return containers, images


def _notes(line: ContainerLine | ImageLine) -> list[str]:
    notes = line.annotations
    return sorted(map(str, (*notes.tags, *notes.comments, *notes.key_values)))


def test_what_leaves_one_is_in_the_other_as_it_was(servers: Servers, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    fill(servers.old, tmp_path / "in")
    manifest = archived(servers.old, tmp_path / "out")
    restored = servers.new.run(
        "archive", "restore", str(manifest), "--wait", "--json", timeout_s=240
    )
    # One image has no original files, and the command says so.
    assert restored.code == ExitCode.SOME_FAILED, restored.err
    [lost] = restored.json["not_restored"]
    assert "no original files" in lost["reason"]

    before, after = stated(manifest), stated(archived(servers.new, tmp_path / "again"))
    made_for_none = {name for name in after[0] if name.endswith("that were in no dataset")}
    for name in made_for_none:
        del after[0][name]
    assert after[0] == before[0]
    assert after[1].keys() == before[1].keys()
    for key, wanted in before[1].items():
        found = after[1][key]
        *rest, places, channels = found
        assert rest == [*wanted[:-2]], key
        assert [name for name in places if name not in made_for_none] == wanted[-2], key
        assert channels == wanted[-1], key
