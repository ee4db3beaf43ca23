"""An export has one item for each fileset, however many of its images were chosen."""

from __future__ import annotations

from datetime import UTC, datetime

from transferapp.model.images import ImageSummary
from transferapp.operations.exports import _by_fileset


def image(number: int, fileset_id: int) -> ImageSummary:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return ImageSummary(
        number, f"image {number}", fileset_id, "ada", 1, 8, 8, 1, 1, 1, "uint8", at
    )


def test_images_of_one_fileset_are_one_item() -> None:
    items = _by_fileset([image(5, 2), image(1, 1), image(4, 2), image(3, 2), image(2, 3)])
    assert [(item.name, item.image_ids) for item in items] == [
        ("image 1", (1,)),
        ("image 3 and 2 more", (3, 4, 5)),
        ("image 2", (2,)),
    ]
