"""Values of single images: few questions for many images, and each once after a crash."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_fixtures import omero, sandbox
from transferapp.errors import RepositoryUnavailable
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.repositories.omero.catalogue.annotations import add_annotations
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.repositories.omero.session import OmeroSession
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.port import RepositorySession
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import (
    ALICE,
    Sample,
    import_all,
    new_dataset,
    plan_for,
)

__all__ = ["omero", "sandbox"]

IMAGES = 7

SHARED = Annotation(AnnotationKind.COMMENT, value="of the whole file")


def values(tag: str, number: int) -> list[Annotation]:
    return [
        Annotation(AnnotationKind.TAG, value=tag),
        Annotation(AnnotationKind.KEY_VALUE, pairs=(("field", str(number)),)),
    ]


async def imported(session: RepositorySession, folder: Path) -> tuple[int, ...]:
    with tifffile.TiffWriter(folder / "run.ome.tif", ome=True) as writer:
        for number in range(IMAGES):
            plane = np.full((8, 9), number, np.uint8)
            writer.write(plane, metadata={"axes": "YX", "Name": f"Position {number + 1}"})
    sample = Sample(folder, ("run.ome.tif",), IMAGES)
    dataset = await new_dataset(session)
    plan = replace(plan_for(sample, dataset.ref, dataset.group_id), annotations=(SHARED,))
    return (await import_all(session, plan, sample.paths)).image_ids


async def links(session: RepositorySession, image_id: int) -> list[list[Any]]:
    """All links: our lists show equal annotations once."""
    assert isinstance(session, OmeroSession)
    context = session._omero_session
    hql = "select l.id from ImageAnnotationLink l where l.parent.id = :id"
    return await context.run(partial(context.rows, hql, id=image_id))


async def test_many_images_take_as_few_questions_as_one(
    omero: OmeroRepository, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    async with omero.session(ALICE) as session:
        ids = await imported(session, tmp_path)
        taken = []
        for some in (ids[:1], ids[1:]):
            sandbox.control("calls")
            await session.images.summaries(some)
            await session.images.annotate({number: values("few", number) for number in some})
            calls = sandbox.control("calls")["calls"]
            taken.append(
                sum(n for name, n in calls.items() if "Query" in name or "save" in name)
            )
    assert taken[1] <= taken[0], "and the tag is there already"


async def test_interrupted_between_batches_and_repeated(
    omero: OmeroRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{add_annotations.__module__}._AT_ONCE", 3)
    save, saved = OmeroSessionContext.save, []

    def saves(self: OmeroSessionContext, objects: list[object], group_id: int) -> list[int]:
        saved.append(len(objects))
        if len(saved) == 3:
            raise RepositoryUnavailable
        return save(self, objects, group_id)

    async with omero.session(ALICE) as session:
        ids = await imported(session, tmp_path)
        given = {number: values("in batches", number) for number in ids}
        with monkeypatch.context() as patch:
            patch.setattr(OmeroSessionContext, "save", saves)
            with pytest.raises(RepositoryUnavailable):
                await session.images.annotate(given)
        assert saved == [1, 6, 6], "the tag, a batch, and one that failed"
        for _ in range(2):
            await session.images.annotate(given)
        for number in ids:
            found = (await session.images.get(number)).annotations
            assert len(await links(session, number)) == len(found) == 3
            assert sorted(map(str, found)) == sorted(
                map(str, [SHARED, *values("in batches", number)])
            )
