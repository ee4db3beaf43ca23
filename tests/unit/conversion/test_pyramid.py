"""How pyramids are divided: nothing twice, nothing missing, few shards begun at a time."""

from __future__ import annotations

from collections import Counter
from math import prod

import pytest
from hypothesis import given, settings, strategies as st

from transferapp.conversion.pyramid import EDGE, SMALLEST, Five, Pyramid, Shard

SHAPES = st.tuples(
    st.integers(1, 5),
    st.integers(1, 4),
    st.integers(1, 60),
    st.integers(1, 9000),
    st.integers(1, 9000),
)


@given(SHAPES)
@settings(max_examples=60, deadline=None)
def test_shards_make_each_level(shape: Five) -> None:
    pyramid = Pyramid(shape)
    assert max(pyramid.shapes[-1][3:]) <= SMALLEST
    assert len(pyramid.shapes) == 1 or max(pyramid.shapes[-2][3:]) > SMALLEST
    for level, size in enumerate(pyramid.shapes):
        shards = list(pyramid.shards(level))
        assert len({shard.start for shard in shards}) == len(shards)
        assert sum(prod(shard.shape) for shard in shards) == prod(size)
        assert all(
            first % step == 0
            for shard in shards
            for first, step in zip(shard.start, pyramid.steps, strict=True)
        )
    assert set(pyramid.in_order()) == set(pyramid.shards(0))
    assert len(list(pyramid.in_order())) == len(list(pyramid.shards(0)))


@given(SHAPES)
@settings(max_examples=60, deadline=None)
def test_above_is_below_the_other_way_round(shape: Five) -> None:
    pyramid = Pyramid(shape)
    for level in range(len(pyramid.shapes) - 1):
        below: Counter[Shard] = Counter()
        for shard in pyramid.shards(level + 1):
            below.update(pyramid.below(shard))
            assert all(pyramid.above(one) == shard for one in pyramid.below(shard))
        assert below == Counter(pyramid.shards(level))
    assert not list(pyramid.below(next(pyramid.shards(0))))
    assert pyramid.above(next(pyramid.shards(len(pyramid.shapes) - 1))) is None


@pytest.mark.parametrize("shape", [(1, 3, 1, 60_000, 60_000), (1, 1, 1, 3000, 200_000)])
def test_each_level_has_one_shard_that_is_begun(shape: Five) -> None:
    """In order; what runs side by side adds as many as run."""
    pyramid = Pyramid(shape)
    missing: dict[Shard, int] = {}
    for shard in pyramid.in_order():
        above = pyramid.above(shard)
        while above is not None:
            missing.setdefault(above, sum(1 for _ in pyramid.below(above)))
            missing[above] -= 1
            if missing[above]:
                break
            del missing[above]
            above = pyramid.above(above)
        assert len({one.level for one in missing}) == len(missing)
    assert not missing


def test_a_shard_holds_so_many_pixels() -> None:
    """Of large images one plane; of small ones as many as are as much, and in order."""
    for shape, planes in [
        ((2, 3, 4, 5000, 5000), (1, 1, 1)),
        ((2, 3, 4, 1024, 1024), (1, 1, 4)),
        ((2, 3, 4, 512, 512), (1, 3, 4)),
        ((2, 3, 4, 300, 300), (2, 3, 4)),
        ((9, 3, 4, 512, 512), (1, 3, 4)),
        ((2, 3, 5000, 1, 1), (1, 1, 1024)),
    ]:
        pyramid = Pyramid(shape)
        assert pyramid.steps == (*planes, EDGE, EDGE)
        assert max(prod(shard.shape) for shard in pyramid.shards(0)) <= EDGE * EDGE
