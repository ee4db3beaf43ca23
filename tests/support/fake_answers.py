"""What the small server answers, and its items as they are at first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from transferapp import errors
from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.export_places import (
    ImageLocation,
    ItemPlace,
    NamedContainer,
    PlacedImage,
)
from transferapp.model.transfers import ItemState, TransferDetails, TransferItem
from transferapp.protocol import problems
from transferapp.protocol.messages import Accepted

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def queued_item(
    transfer_id: str, item_id: str, name: str, count_and_size: tuple[int, int]
) -> TransferItem:
    count, size = count_and_size
    return TransferItem(
        id=item_id,
        transfer_id=transfer_id,
        name=name,
        state=ItemState.QUEUED,
        file_count=count,
        size_bytes=size,
        bytes_done=0,
        updated_at=EPOCH,
    )


async def problem_answer(_: Request, error: Exception) -> Response:
    assert isinstance(error, errors.TransferAppError)
    problem = problems.to_problem(error)
    return Response(
        problem.model_dump_json(), status_code=problem.status, media_type=problems.MEDIA_TYPE
    )


def accepted_answer(accepted: Accepted) -> Response:
    return Response(accepted.model_dump_json(), 201, media_type="application/json")


def model_answer(shape: type[Any], value: Any) -> Response:
    return Response(TypeAdapter(shape).dump_json(value), media_type="application/json")


def with_places(details: TransferDetails, ways: Mapping[int, str]) -> TransferDetails:
    """Say where the images of an export go ("Project/Dataset"), by their ids."""
    places = tuple(
        _place_of(item.id, image_id, ways[image_id])
        for item in details.items
        for image_id in item.image_ids
        if image_id in ways
    )
    return replace(details, places=places, repository="fake")


def _place_of(item_id: str, image_id: int, way: str) -> ItemPlace:
    """Where an image goes that lies in a project and a dataset of these names."""
    folder = tuple(way.split("/"))
    kinds = (ContainerKind.PROJECT, ContainerKind.DATASET)
    containers = tuple(
        NamedContainer(ContainerRef(kind, number), name)
        for number, (kind, name) in enumerate(zip(kinds, folder, strict=True), 1)
    )
    location = ImageLocation(image_id, containers)
    image = PlacedImage(image_id, f"image {image_id}", (location,))
    return ItemPlace(folder, (image,), item_id=item_id)
