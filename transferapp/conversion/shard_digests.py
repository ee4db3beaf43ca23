"""Digests of the shards of a pyramid: what was written, without the pixels."""

from __future__ import annotations

import blake3
import numpy as np

from transferapp.conversion.image_shards import ShardPixels
from transferapp.conversion.pyramid import Shard

_BYTES = 16


class ShardDigests:
    """A digest for each shard that was stored; may be used by several threads."""

    def __init__(self) -> None:
        """Know of no shard yet."""
        self._digests: dict[Shard, bytes] = {}

    def store(self, shard: Shard, pixels: ShardPixels) -> None:
        """Remember what a shard's pixels are."""
        self._digests[shard] = _digest(pixels)

    @property
    def shards(self) -> list[Shard]:
        """Those that are remembered, level by level."""
        return sorted(self._digests, key=lambda shard: (shard.level, shard.start))

    def matches(self, shard: Shard, pixels: ShardPixels) -> bool:
        """Whether these are the pixels that were stored."""
        return self._digests.get(shard) == _digest(pixels)


def _digest(pixels: ShardPixels) -> bytes:
    flat = np.ascontiguousarray(pixels).reshape(-1).view(np.uint8)
    digest: bytes = blake3.blake3(flat.data).digest(_BYTES)
    return digest
