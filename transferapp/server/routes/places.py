"""Places that exports are brought to, and what lies there."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from transferapp.protocol import routes
from transferapp.protocol.places import BroughtView, PlaceView
from transferapp.server.answers import json_answer
from transferapp.server.auth import SessionGrant
from transferapp.server.parts import parts_of

router = APIRouter(tags=["places"])


@router.get(routes.PLACES, response_model=list[PlaceView])
async def places(grant: SessionGrant, request: Request) -> Response:
    """List the places that exports can be brought to, with what this person has there."""
    found = await parts_of(request).places.listed(grant.username)
    return json_answer(list[PlaceView], found)


@router.get(routes.brought("{transfer_id}"), response_model=list[BroughtView])
async def brought(transfer_id: str, grant: SessionGrant, request: Request) -> Response:
    """List where the items of an export lie that was brought to a place."""
    parts = parts_of(request)
    await parts.ledger.details(transfer_id, owner=grant.username, with_files=False)
    return json_answer(list[BroughtView], await parts.places.brought(transfer_id))
