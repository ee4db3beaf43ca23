"""Conformance of image repositories: regions of interest."""

from __future__ import annotations

import pytest

from transferapp.errors import ImageNotFound
from transferapp.testing.repository_env import (
    ALICE,
    BOB,
    PRIVATE,
    RepositoryEnv,
    group_id,
    import_all,
    plan_for,
)


class RoiSuite:
    """Listing ROIs."""

    async def test_an_image_without_rois(self, env: RepositoryEnv) -> None:
        async with env.repository.session(ALICE) as session:
            plan = plan_for(env.single, None, session.identity.default_group_id)
            [image_id] = (await import_all(session, plan, env.single.paths)).image_ids
            assert await session.images.rois(image_id) == []
            await session.images.delete([image_id])
            with pytest.raises(ImageNotFound):
                await session.images.rois(image_id)

    async def test_rois_are_listed_page_by_page(self, env: RepositoryEnv) -> None:
        if env.draw_rois is None:
            return
        async with env.repository.session(ALICE) as session:
            plan = plan_for(env.single, None, session.identity.default_group_id)
            [image_id] = (await import_all(session, plan, env.single.paths)).image_ids
            drawn = env.draw_rois(image_id)
            assert len(drawn) > 1
            assert await session.images.rois(image_id) == drawn
            paged, after = [], 0
            while page := await session.images.rois(image_id, after=after, limit=1):
                assert len(page) == 1
                after = page[0].id
                paged += page
            assert paged == drawn
        # A colleague sees what is drawn in a group where she may read.
        async with env.repository.session(BOB) as session:
            assert await session.images.rois(image_id) == drawn

    async def test_rois_of_private_images_are_unknown_to_others(
        self, env: RepositoryEnv
    ) -> None:
        private = await group_id(env.repository, ALICE, PRIVATE)
        async with env.repository.session(ALICE, private) as session:
            plan = plan_for(env.single, None, private)
            [image_id] = (await import_all(session, plan, env.single.paths)).image_ids
            if env.draw_rois is not None:
                env.draw_rois(image_id)
        async with env.repository.session(BOB) as session:
            with pytest.raises(ImageNotFound):
                await session.images.rois(image_id)
