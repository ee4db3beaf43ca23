"""What the REST API takes of archives: containers under a key, imports with what is known."""

from __future__ import annotations

import hashlib

import pytest

from tests.support.rest_server import RestServer, new_dataset, server
from transferapp.errors import Invalid
from transferapp.model.containers import ContainerKind
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.restoring import ImageTexts, RestoredImage, RestoredItem
from transferapp.model.rois import Roi, Shape, ShapeKind
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem

__all__ = ["server"]

TAG = Annotation(AnnotationKind.TAG, value="kept")


async def test_a_key_gives_the_first_container(server: RestServer) -> None:
    ada = await server.signed_in("ada")
    kind, key = ContainerKind.PROJECT, "archive 1 Project:3"
    first, again = [
        await ada.create_container(kind, "Flies", description="d", key=key, annotations=[TAG])
        for _ in range(2)
    ]
    assert first == again
    assert (first.name, first.description) == ("Flies", "d")
    other = await ada.create_container(kind, "Flies", key=f"{key}0")
    assert other.ref != first.ref
    assert (await ada.create_container(kind, "Flies")).ref not in {first.ref, other.ref}
    with pytest.raises(Invalid, match="cannot be stored"):
        await ada.create_container(kind, "Flies", key="a\0b")
    empty = Annotation(AnnotationKind.TAG)
    with pytest.raises(Invalid, match="is empty"):
        await ada.create_container(kind, "Flies", annotations=[empty])


async def test_what_is_known_of_images_is_kept(server: RestServer) -> None:
    ada = await server.signed_in("ada")
    dataset = (await new_dataset(ada)).ref
    bits = hashlib.sha256(b"mask").digest()
    mask = Shape(1, ShapeKind.MASK, ((1.0, 2.0),), (16.0, 16.0), mask=bits)
    image = RestoredImage(
        0, ImageTexts("Cell 7"), (9, 8, 1, 1, 1), (TAG,), (Roi(1, (mask,)),), (dataset,)
    )

    def request(*images: RestoredImage) -> ImportRequest:
        files = [NewFile(client_path="a.tif", size_bytes=5)]
        item = NewItem(name="a", files=files, restored=RestoredItem(images))
        return ImportRequest(name="restore", target=str(dataset), items=[item])

    accepted = await ada.submit_import(request(image))
    [item] = accepted.details.items
    work = await server.parts.ledger.work(item.id)
    assert work.restored == RestoredItem((image,))
    unnamed = RestoredImage(1, ImageTexts(" "), image.sizes)
    unstored = RestoredImage(1, ImageTexts("a\0b"), image.sizes)
    for wrong in ((image, image), (image, unnamed), (image, unstored)):
        with pytest.raises(Invalid):
            await ada.check_import(request(*wrong))
