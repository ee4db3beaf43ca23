"""Transfers: how far they are, cancel, retry, and a fresh grant for the agent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from transferapp.errors import PermissionDenied
from transferapp.grants.port import Scope
from transferapp.model.transfers import TransferDetails, TransferKind
from transferapp.operations.imports import TRANSFER_GRANT_LIFETIME
from transferapp.protocol import routes
from transferapp.protocol.messages import TransferList
from transferapp.server.answers import details_answer, json_answer
from transferapp.server.auth import SessionGrant, TransferReader
from transferapp.server.parts import parts_of

router = APIRouter(prefix=routes.TRANSFERS, tags=["transfers"])

_ITEM = "/{transfer_id}/items/{item_id}"


@router.get("", response_model=TransferList)
async def transfers(
    grant: SessionGrant,
    request: Request,
    kind: TransferKind | None = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """List the person's transfers, newest first."""
    found = await parts_of(request).ledger.transfers(
        grant.username, kind=kind, after=after, limit=limit
    )
    following = found[-1].id if len(found) == limit else None
    return json_answer(TransferList, TransferList(items=found, next=following))


@router.get("/{transfer_id}", response_model=TransferDetails)
async def details(
    transfer_id: str, grant: TransferReader, request: Request, *, files: bool = False
) -> Response:
    """Return a transfer with its items, and on wish its files."""
    parts = parts_of(request)
    found = await parts.ledger.details(transfer_id, owner=grant.username, with_files=files)
    return details_answer(parts.shown(found))


@router.post("/{transfer_id}/cancel", response_model=TransferDetails)
async def cancel(transfer_id: str, grant: SessionGrant, request: Request) -> Response:
    """Stop what has not ended."""
    parts = parts_of(request)
    done = await parts.transfers.cancel(grant.username, transfer_id)
    return details_answer(parts.shown(done))


@router.post("/{transfer_id}/retry", response_model=TransferDetails)
async def retry(transfer_id: str, grant: SessionGrant, request: Request) -> Response:
    """Let everything that failed go on."""
    parts = parts_of(request)
    done = await parts.transfers.retry(grant.username, transfer_id)
    return details_answer(parts.shown(done))


@router.post(_ITEM + "/cancel", response_model=TransferDetails)
async def cancel_item(
    transfer_id: str, item_id: str, grant: SessionGrant, request: Request
) -> Response:
    """Stop one item."""
    parts = parts_of(request)
    done = await parts.transfers.cancel(grant.username, transfer_id, item_id)
    return details_answer(parts.shown(done))


@router.post(_ITEM + "/retry", response_model=TransferDetails)
async def retry_item(
    transfer_id: str, item_id: str, grant: SessionGrant, request: Request
) -> Response:
    """Let one failed item go on."""
    parts = parts_of(request)
    done = await parts.transfers.retry(grant.username, transfer_id, item_id)
    return details_answer(parts.shown(done))


@router.post("/{transfer_id}/grant")
async def renew_grant(
    transfer_id: str, grant: SessionGrant, request: Request
) -> dict[str, str]:
    """Return a fresh token that can do nothing but move this transfer's files."""
    parts = parts_of(request)
    found = await parts.ledger.details(transfer_id, owner=grant.username, with_files=False)
    if found.transfer.sender != grant.username:
        raise PermissionDenied(
            f"Its files are sent by {found.transfer.sender}, who asked for it."
        )
    minted = await parts.grants.mint(
        Scope.TRANSFER, grant.username, TRANSFER_GRANT_LIFETIME, transfer_id=transfer_id
    )
    return {"grant": minted.token}
