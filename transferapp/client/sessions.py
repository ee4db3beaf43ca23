"""What a server is, and a person's session there."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from transferapp.client.connection import (
    ServerConnection,
    given,
    parser,
)
from transferapp.client.problems import translated
from transferapp.formats.read_formats import RepositoryFormats
from transferapp.model.identity import Identity
from transferapp.protocol import routes
from transferapp.protocol.health import ServerHealth
from transferapp.protocol.messages import (
    GrantInfo,
    IdentityView,
    ServerInfo,
    SignedIn,
)


@dataclass(frozen=True, slots=True)
class FormatsAnswer:
    """What a server's repository reads, and the name of that answer."""

    formats: RepositoryFormats
    etag: str


class SessionClient(ServerConnection):
    """Asks what answers there, and opens and ends sessions and grants."""

    async def server_info(self) -> ServerInfo:
        """Say what answers there; needs no token."""
        return await self._call(ServerInfo, "GET", routes.SERVER)

    async def formats(self, etag: str = "") -> FormatsAnswer | None:
        """Say what the image repository reads; None when that is what ``etag`` names.

        Needs no token. Raises NotFound when the server is older than this question.
        """
        headers = {"If-None-Match": etag} if etag else {}
        response = await self._send("GET", routes.FORMATS, headers=headers)
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            return None
        with translated():
            formats = parser(RepositoryFormats).validate_json(response.content)
        return FormatsAnswer(formats, response.headers.get("etag", ""))

    async def health(self) -> ServerHealth:
        """Say how its parts are; needs no token. Raises Unavailable without its database."""
        return await self._call(ServerHealth, "GET", routes.HEALTH)

    async def sign_in(
        self, username: str, password: str, *, remember: bool = False
    ) -> SignedIn:
        """Open a session; this client uses its token from now on. Raises SignInFailed."""
        body = {"username": username, "password": password, "remember": remember}
        signed_in = await self._call(SignedIn, "POST", routes.SESSIONS, json=body)
        self.token = signed_in.token
        return signed_in

    async def identity(self, *, owner: str = "") -> Identity:
        """Return the signed-in person, or ``owner``, as the repository knows her now."""
        params = given(owner=owner)
        return (await self._call(IdentityView, "GET", routes.SESSION, params=params)).identity

    async def sign_out(self) -> None:
        """End the session on the server and forget the token."""
        await self._call(None, "DELETE", routes.SESSION)
        self.token = None

    async def grants(self) -> list[GrantInfo]:
        """List the person's grants, newest first."""
        return await self._call(list[GrantInfo], "GET", routes.GRANTS)

    async def revoke_grant(self, grant_id: str) -> None:
        """End a grant at once; raises NotFound."""
        await self._call(None, "DELETE", f"{routes.GRANTS}/{grant_id}")
