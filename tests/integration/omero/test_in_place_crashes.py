"""In-place imports through crashes, and with two workers at once: one copy, nothing left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.in_place_env import (
    CELLS,
    check,
    counts,
    go_on,
    in_place_settings,
    planned,
    staged,
)
from tests.support.in_place_fixtures import cells, kind, omero
from tests.support.omero_env import (
    adapter,
)
from tests.support.omero_fixtures import sandbox
from transferapp.errors import Busy, TransferAppError
from transferapp.model.filesets import Fileset
from transferapp.repositories.omero import links
from transferapp.repositories.omero.imports import in_place
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.port import RepositorySession
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import ALICE, Sample, sha1_of, whole

__all__ = ["cells", "kind", "omero", "sandbox"]


class Killed(BaseException):
    """The worker died here."""


def dying(function: Callable[..., Any], *, done: bool) -> Callable[..., Any]:
    def die(*args: Any, **kw: Any) -> Any:
        if done:
            function(*args, **kw)
        raise Killed

    return die


SUB_STEPS = [
    (in_place, "_link_all", False),
    (in_place, "_mark", False),
    (in_place, "_read", False),
    (in_place, "_mark", True),
    (links, "sync", True),
    (links.Links, "put", True),
    (in_place, "_scan_again", True),
    (in_place, "_link_all", True),
]


#: Who goes on: a worker that links, one that does not see the repository, ...
CRASHES = [(*step, who) for step in SUB_STEPS for who in ("linking", "uploading")]
#: ... the same process, or one that finds OMERO restarted, too.
CRASHES += [(*step, who) for step in SUB_STEPS[3:6:2] for who in ("same", "restarted")]


@pytest.mark.parametrize(
    ("owner", "name", "done", "next_one"),
    CRASHES,
    ids=[f"{n}-{d}-{w}" for _, n, d, w in CRASHES],
)
async def test_killed_between_sub_steps(  # noqa: PLR0913, PLR0917 - all that can differ
    sandbox: RunningSandbox,
    omero: OmeroRepository,
    cells: Sample,
    tmp_path: Path,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    name: str,
    done: bool,
    next_one: str,
) -> None:
    content, before = cells.paths[0].read_bytes(), counts(sandbox)
    async with omero.session(ALICE) as session:
        plan = await planned(session, cells)
        fileset = await session.imports.reserve(plan)
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, dying(getattr(owner, name), done=done))
            with pytest.raises(Killed):
                await session.imports.store(fileset, plan, cells.paths)
    if next_one == "restarted":
        await asyncio.to_thread(sandbox.restart)
    lost = list(omero._pool._held.values())
    if next_one != "same":
        omero._pool._held.clear()
    linking = "" if next_one == "uploading" else kind
    another = adapter(in_place_settings(sandbox, tmp_path, linking))
    omero_session = omero if next_one == "same" else another
    async with omero_session.session(ALICE) as session:
        made = await go_on(session, plan, cells)
        assert cells.paths[0].read_bytes() == content
        cells.paths[0].unlink()
        assert len(made.image_ids) == 1
        assert [f.hash for f in await session.imports.files(made)] == [sha1_of(content)]
        await check(sandbox, session, made)
    await another.close()
    for one in lost if next_one != "same" else []:
        await asyncio.to_thread(one.gateway.close)
    assert counts(sandbox) == (before[0] + 1, before[1] + 1)


async def test_two_workers_at_once(
    sandbox: RunningSandbox, omero: OmeroRepository, tmp_path: Path, kind: str
) -> None:
    another = adapter(in_place_settings(sandbox, tmp_path, kind))
    before = counts(sandbox)

    async def one(repository: OmeroRepository, number: int) -> None:
        sample = staged(CELLS, tmp_path / "staging" / str(number))
        async with repository.session(ALICE) as session:
            made = await go_on(session, await planned(session, sample), sample)
            sample.paths[0].unlink()
            await check_bytes(session, made)

    async def check_bytes(session: RepositorySession, made: Fileset) -> None:
        [file] = await session.imports.files(made)
        assert sha1_of(await whole(session, file.id)) == file.hash

    await asyncio.gather(*(one([omero, another][n % 2], n) for n in range(6)))
    await another.close()
    assert counts(sandbox) == (before[0] + 6, before[1] + 6)


async def test_two_workers_on_the_same_file(
    sandbox: RunningSandbox, omero: OmeroRepository, cells: Sample, tmp_path: Path, kind: str
) -> None:
    another = adapter(in_place_settings(sandbox, tmp_path, kind))
    before, content = counts(sandbox), cells.paths[0].read_bytes()
    async with omero.session(ALICE) as mine, another.session(ALICE) as theirs:
        plan = await planned(mine, cells)
        fileset = await mine.imports.reserve(plan)
        both = (mine.imports, theirs.imports)
        stores = [imports.store(fileset, plan, cells.paths) for imports in both]
        for ended in await asyncio.gather(*stores, return_exceptions=True):
            assert ended is None or isinstance(ended, TransferAppError)
        made = await go_on(theirs, plan, cells)
        assert await go_on(mine, plan, cells) == made
        assert cells.paths[0].read_bytes() == content
        cells.paths[0].unlink()
        await check(sandbox, theirs, made)
    await another.close()
    assert counts(sandbox) == (before[0] + 1, before[1] + 1)


async def test_marker_of_another_worker_is_waited_for(
    omero: OmeroRepository, cells: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with omero.session(ALICE) as session:
        plan = await planned(session, cells)
        fileset = await session.imports.reserve(plan)
        with monkeypatch.context() as patch:
            patch.setattr(in_place, "_read", lambda *_: in_place._MARKER + b"theirs")
            with pytest.raises(Busy):
                await session.imports.store(fileset, plan, cells.paths)
        assert (await go_on(session, plan, cells)).id == fileset.id
