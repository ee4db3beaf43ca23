"""Sign in, sign out, who am I, and the grants of a person."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.responses import Response

from transferapp.grants.port import Grant
from transferapp.protocol import routes
from transferapp.protocol.messages import GrantInfo, IdentityView, SignedIn, SignIn
from transferapp.server.answers import json_answer
from transferapp.server.auth import SessionGrant, SignInThrottle, owner_allowed_to
from transferapp.server.parts import parts_of

router = APIRouter(tags=["sessions"])


@router.post(routes.SESSIONS, status_code=HTTPStatus.CREATED, response_model=SignedIn)
async def sign_in(asked: SignIn, request: Request) -> Response:
    """Open a session with a user name and a password."""
    throttle: SignInThrottle = request.app.state.throttle
    address = request.client.host if request.client else ""
    throttle.admit(asked.username, address)
    signed_in = await parts_of(request).sessions.open(asked)
    throttle.succeeded(asked.username, address)
    answer = json_answer(SignedIn, signed_in, HTTPStatus.CREATED)
    answer.headers["cache-control"] = "no-store"
    return answer


@router.get(routes.SESSION, response_model=IdentityView)
async def identity(grant: SessionGrant, request: Request, owner: str = "") -> Response:
    """Return the signed-in person, or ``owner``, as the repository knows her now."""
    whose = await owner_allowed_to(request, grant, owner)
    found = await parts_of(request).repository.identity(whose.username)
    if whose.group_ids is not None:
        groups = tuple(one for one in found.groups if whose.covers(one.id))
        home = whose.home(found)
        found = replace(found, groups=groups, default_group_id=home, leads=frozenset())
    return json_answer(IdentityView, IdentityView(identity=found, groups=list(found.groups)))


@router.delete(routes.SESSION, status_code=HTTPStatus.NO_CONTENT)
async def sign_out(grant: SessionGrant, request: Request) -> None:
    """End this session; transfers go on."""
    await parts_of(request).grants.revoke(grant.id, grant.username)


@router.get(routes.GRANTS, response_model=list[GrantInfo])
async def grants(grant: SessionGrant, request: Request) -> Response:
    """List the person's grants, newest first."""
    owned = await parts_of(request).grants.owned_by(grant.username)
    return json_answer(list[GrantInfo], [_info(one) for one in owned])


@router.delete(routes.GRANTS + "/{grant_id}", status_code=HTTPStatus.NO_CONTENT)
async def revoke(grant_id: str, grant: SessionGrant, request: Request) -> None:
    """End one of the person's grants at once."""
    await parts_of(request).grants.revoke(grant_id, grant.username)


def _info(grant: Grant) -> GrantInfo:
    return GrantInfo(
        id=grant.id,
        purpose=str(grant.scope),
        transfer_id=grant.transfer_id,
        created_at=grant.created_at,
        expires_at=grant.expires_at,
        last_used_at=grant.last_used_at,
        revoked=grant.revoked_at is not None,
    )
