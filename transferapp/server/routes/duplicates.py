"""Duplicates: what the repository already holds of files that are not imported yet."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from transferapp.model.duplicates import DuplicateMatch, SoughtFile
from transferapp.model.filesets import PlannedFile
from transferapp.operations.duplicates import DuplicateSearch, duplicates_of
from transferapp.protocol import routes
from transferapp.protocol.duplicates import DuplicatesRequest
from transferapp.server.answers import json_answer
from transferapp.server.auth import SessionGrant
from transferapp.server.parts import parts_of

router = APIRouter(tags=["imports"])


@router.post(routes.DUPLICATES, response_model=list[DuplicateMatch])
async def duplicates(
    asked: DuplicatesRequest, grant: SessionGrant, request: Request
) -> Response:
    """Say for each item, in order, which filesets already hold all of its files."""
    items = [
        [
            SoughtFile(PlannedFile(one.client_path, one.size_bytes, one.sha1), one.ends)
            for one in item.files
        ]
        for item in asked.items
    ]
    ends: DuplicateSearch = request.app.state.ends
    repository = parts_of(request).repository
    found = await duplicates_of(repository, grant.username, items, ends)
    return json_answer(list[DuplicateMatch], found)
