"""Keep session tokens in the operating system's keyring, and say so when there is none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

import keyring
import keyring.errors
import structlog
from keyring.backend import KeyringBackend

SERVICE = "TransferApp"
T = TypeVar("T")

#: A locked keyring opens the desktop's own prompt; a person may be away from the desk.
PROMPT_TIMEOUT_S = 60.0

_log = structlog.get_logger(__name__)


class Kept(StrEnum):
    """Where a token is kept."""

    KEYRING = "keyring"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where a token went and, when that is memory only, why: a sentence for the person."""

    where: Kept
    reason: str = ""


class TokenVault(Protocol):
    """What is needed of a keyring; all calls may block."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return the secret or None."""

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a secret."""

    def delete_password(self, service: str, username: str) -> None:
        """Forget a secret."""


class _NoVault(Exception):
    """There is no keyring, or it does not open; the text tells the person."""


class Credentials:
    """Session tokens by server and user name; never passwords.

    Nothing here raises: without a keyring the token lives in memory until the program
    ends, and the outcome says so.
    """

    def __init__(self, vault: TokenVault | None = None) -> None:
        """Use ``vault``, or the operating system's keyring when it is None."""
        self._vault = vault
        self._memory: dict[str, str] = {}

    async def keep(self, server_url: str, username: str, token: str) -> Keeping:
        """Keep a token, in the keyring if there is one."""
        key = _key(server_url, username)
        self._memory[key] = token
        try:
            await self._in_thread(lambda vault: vault.set_password(SERVICE, key, token))
        except _NoVault as problem:
            return Keeping(Kept.MEMORY, str(problem))
        return Keeping(Kept.KEYRING)

    async def token(self, server_url: str, username: str) -> str | None:
        """Return the token that was kept, or None."""
        key = _key(server_url, username)
        if key in self._memory:
            return self._memory[key]
        try:
            return await self._in_thread(lambda vault: vault.get_password(SERVICE, key))
        except _NoVault:
            return None

    async def forget(self, server_url: str, username: str) -> None:
        """Forget a token everywhere."""
        key = _key(server_url, username)
        self._memory.pop(key, None)
        with contextlib.suppress(_NoVault):
            await self._in_thread(lambda vault: _delete(vault, key))

    async def _in_thread(self, call: Callable[[TokenVault], T]) -> T:
        def work() -> T:
            with _translated():
                return call(self._vault or _system_vault())

        try:
            return await asyncio.wait_for(asyncio.to_thread(work), PROMPT_TIMEOUT_S)
        except TimeoutError:
            raise _NoVault("The keyring of this computer was not unlocked.") from None


def _key(server_url: str, username: str) -> str:
    return f"{username}@{server_url}"


def _delete(vault: TokenVault, key: str) -> None:
    with contextlib.suppress(keyring.errors.PasswordDeleteError):
        vault.delete_password(SERVICE, key)


def _system_vault() -> TokenVault:
    """Return the keyring in use; plain-text files (keyrings.alt) do not count as one."""
    backend = keyring.get_keyring()
    usable = [b for b in (backend, *getattr(backend, "backends", ())) if _is_safe(b)]
    if not usable:
        raise _NoVault("This computer has no keyring.")
    vault: TokenVault = usable[0]
    return vault


def _is_safe(backend: KeyringBackend) -> bool:
    module = type(backend).__module__
    return module.startswith("keyring.backends.") and not module.endswith(
        (".fail", ".null", ".chainer")
    )


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except _NoVault:
        raise
    except keyring.errors.KeyringLocked:
        raise _NoVault("The keyring of this computer is locked.") from None
    except keyring.errors.KeyringError as error:
        # The text of a backend may name the key, never the secret; keep it in the log only.
        _log.info("keyring not usable", error=type(error).__name__)
        raise _NoVault("The keyring of this computer cannot be used.") from None
