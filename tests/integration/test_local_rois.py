"""ROIs that original files hold, in the embedded repository."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from transferapp.conversion.cut_place import rois_of_cut
from transferapp.conversion.ome_tiff import OmeTiff
from transferapp.host.clock import SystemClock
from transferapp.model.identity import GroupPermissions
from transferapp.model.rois import Affine, Roi, Shape, ShapeKind
from transferapp.repositories.local.accounts.administration import Administration
from transferapp.repositories.local.repository import LocalRepository
from transferapp.repositories.port import RepositorySession
from transferapp.testing.cut_images import image_of, noise
from transferapp.testing.form_suite import nothing
from transferapp.testing.repository_env import (
    ALICE,
    LAB,
    PASSWORD,
    Sample,
    import_all,
    plan_for,
)

#: As they are numbered by their place in the document.
ROIS = [
    Roi(
        1,
        (
            Shape(1, ShapeKind.RECTANGLE, ((2.0, 6.5),), (10.0, 5.0), z=1, c=1, text="a cell"),
            Shape(2, ShapeKind.ELLIPSE, ((20.0, 15.0),), (4.0, 2.0), t=0,
                  transform=Affine(0.0, -1.0, 30.0, 1.0, 0.0, 0.5)),
            Shape(3, ShapeKind.MASK, ((11.0, 6.0),), (3.0, 2.0), mask=b"\xa0\x40"),
        ),
        "a cell", "round",
    ),
    Roi(2, (Shape(4, ShapeKind.POLYGON, ((11.0, 6.0), (30.1, 6.0), (1.0, 20.0))),)),
    Roi(3, (Shape(5, ShapeKind.POINT, ((11.0, 6.0),), stroke_color="FF0000FF"),)),
]  # fmt: skip


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[RepositorySession]:
    administration = Administration(tmp_path / "repository")
    await administration.add_experimenter(ALICE, "Alice Adams", PASSWORD)
    await administration.add_group(LAB, GroupPermissions.READ_ANNOTATE)
    await administration.add_member(ALICE, LAB)
    repository = LocalRepository(tmp_path / "repository", SystemClock())
    async with repository.session(ALICE) as session:
        yield session
    await repository.close()


async def imported(session: RepositorySession, path: Path) -> int:
    plan = plan_for(
        Sample(path.parent, (path.name,), 1), None, session.identity.default_group_id
    )
    [image_id] = (await import_all(session, plan, [path])).image_ids
    return image_id


async def test_what_was_exported_is_read_again(
    session: RepositorySession, tmp_path: Path
) -> None:
    image = image_of(noise((1, 2, 3, 40, 50), "uint8"), name="cells")
    (tmp_path / "in").mkdir()
    drawn = replace(image, rois=rois_of_cut(ROIS, image.place))
    await OmeTiff().write(drawn, tmp_path / "in", nothing)
    image_id = await imported(session, tmp_path / "in" / "cells.ome.tiff")
    found = await session.images.rois(image_id)
    assert [(roi.id, roi.name, roi.text) for roi in found] == [
        (1, "a cell", "round"), (2, "", ""), (3, "", "")
    ]  # fmt: skip
    # The document has a ROI's shapes in the order of their kinds.
    kinds = {s.kind: replace(s, id=0) for roi in found for s in roi.shapes}
    assert kinds == {s.kind: replace(s, id=0) for roi in ROIS for s in roi.shapes}
    assert await session.images.rois(image_id, after=1, limit=1) == [found[1]]
    assert await session.images.rois(image_id, after=3) == []


async def test_other_files_have_none(session: RepositorySession, tmp_path: Path) -> None:
    plain, ome = tmp_path / "plain.tif", tmp_path / "two.ome.tif"
    tifffile.imwrite(plain, np.zeros((8, 9), "uint8"))
    tifffile.imwrite(ome, np.zeros((8, 9), "uint8"), ome=True)
    for path in (plain, ome):
        assert await session.images.rois(await imported(session, path)) == []
