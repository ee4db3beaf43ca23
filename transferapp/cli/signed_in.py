"""Who is signed in on the command line: the server and person in a file, the token apart.

The token goes to the keyring. A server has none; there ``login --in-file`` keeps it in a
file that only this account can read, because the person asked for it in so many words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, SecretStr, ValidationError

from transferapp.cli.log import open_waiting_log
from transferapp.client.server import ServerClient
from transferapp.errors import Denied, SettingsInvalid
from transferapp.host.paths import host_paths
from transferapp.host.private_file import write_private_text
from transferapp.protocol.addresses import check_address

if TYPE_CHECKING:
    from transferapp.host.credentials import Credentials


class SignedInAs(BaseModel):
    """The file's content; ``token`` is only there after ``--in-file``."""

    model_config = ConfigDict(frozen=True)

    server_url: Annotated[str, AfterValidator(check_address)]
    username: str
    token: str | None = None

    @property
    def owner(self) -> str:
        """``user@server`` as the agent lists submissions."""
        return f"{self.username}@{self.server_url}"


def _credentials() -> Credentials:
    open_waiting_log()
    # It brings the keyring's library, which a session that is kept in a file does without.
    from transferapp.host.credentials import Credentials  # noqa: PLC0415

    return Credentials()


def _file() -> Path:
    return host_paths().config / "login.json"


async def remember(server_url: str, username: str, token: SecretStr, *, in_file: bool) -> None:
    """Keep the session; raises Denied when there is no keyring and no file was wished."""
    secret = token.get_secret_value()
    if not in_file:
        keeping = await _credentials().keep(server_url, username, secret)
        if keeping.reason:
            raise Denied(
                f"{keeping.reason} To keep the session in a file that only your account can"
                " read, add --in-file."
            )
    session = SignedInAs(
        server_url=server_url, username=username, token=secret if in_file else None
    )
    write_private_text(_file(), session.model_dump_json(indent=2))


def session() -> SignedInAs:
    """Return who is signed in; raises Denied when nobody is, SettingsInvalid when the file that
    says so is damaged.
    """
    try:
        return SignedInAs.model_validate_json(_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Denied("Nobody is signed in. Run: transferapp login URL --user NAME") from None
    except ValidationError as error:
        raise SettingsInvalid(f"{_file()} is damaged. Sign in again.") from error


async def forget() -> None:
    """Forget the session on this computer."""
    who = session()
    await _credentials().forget(who.server_url, who.username)
    _file().unlink(missing_ok=True)


@asynccontextmanager
async def server_client() -> AsyncIterator[tuple[ServerClient, SignedInAs]]:
    """Open a client with the session's token; raises Denied when there is none."""
    who = session()
    token = who.token or await _credentials().token(who.server_url, who.username)
    if token is None:
        raise Denied(
            "The session is not in the keyring any more. Run 'transferapp login' again."
        )
    async with ServerClient(who.server_url, token) as client:
        yield client, who
