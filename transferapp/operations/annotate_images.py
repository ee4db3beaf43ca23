"""Give single images of an imported fileset their values, and say which none was found for."""

from __future__ import annotations

from collections.abc import Sequence

from transferapp.errors import ImageNotFound
from transferapp.ledger.port import ItemWork
from transferapp.model.image_annotations import images_meant
from transferapp.model.images import Annotation
from transferapp.repositories.port import ImageChanges, ImageViews

#: So many are told in words.
_REPORTED = 20
#: As many summaries as the repository gives at a time.
_AT_ONCE = 1000


async def annotate_images(
    images: ImageViews, changes: ImageChanges, work: ItemWork, image_ids: Sequence[int]
) -> str:
    """Annotate them; returns a sentence about what found no image, or several. May be
    repeated: what an image has is not added again.
    """
    names = await _names(images, image_ids)
    given: dict[int, list[Annotation]] = {}
    none: list[str] = []
    several: list[str] = []
    for one in work.image_annotations:
        meant = images_meant(one.image, work.item.name, names)
        if len(meant) == 1:
            given.setdefault(image_ids[meant[0]], []).extend(one.annotations)
        else:
            (several if meant else none).append(one.image)
    await changes.annotate(given)
    return " ".join(filter(None, (_no_image(none, names), _several_images(several))))


async def _names(images: ImageViews, image_ids: Sequence[int]) -> list[str]:
    """Return the images' names, in this order; raises ImageNotFound."""
    found: dict[int, str] = {}
    asked = sorted(set(image_ids))
    for at in range(0, len(asked), _AT_ONCE):
        some = await images.summaries(asked[at : at + _AT_ONCE])
        found |= {one.id: one.name for one in some}
    if missing := set(image_ids) - found.keys():
        raise ImageNotFound(f"The image {min(missing)} is not there any more.")
    return [found[image_id] for image_id in image_ids]


def _no_image(asked: Sequence[str], names: Sequence[str]) -> str:
    if not asked:
        return ""
    return (
        f"No image is called {_list(asked)}: what was to be written on it was not. The images"
        f" are called {_list(names)}."
    )


def _several_images(asked: Sequence[str]) -> str:
    if not asked:
        return ""
    return (
        f"Several images are called {_list(asked)}: what was to be written on one of them was"
        " not. Write its place in the file instead, like #1."
    )


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _REPORTED:,} more" if len(names) > _REPORTED else ""
    return ", ".join(f"'{name}'" for name in names[:_REPORTED]) + more
