"""Tokens in the keyring, in memory when there is none, and never in a plain file."""

from __future__ import annotations

import sys
import types

import keyring
import keyring.backend
import keyring.backends.fail
import keyring.errors
import pytest

from tests.support.image_env import MemoryVault
from transferapp.host.credentials import Credentials, Keeping, Kept


async def test_keeps_and_forgets_by_server_and_person() -> None:
    vault = MemoryVault()
    credentials = Credentials(vault)
    assert await credentials.keep("http://a", "anna", "ta1_x") == Keeping(Kept.KEYRING)
    assert await Credentials(vault).token("http://a", "anna") == "ta1_x"
    assert await Credentials(vault).token("http://b", "anna") is None
    await credentials.forget("http://a", "anna")
    assert await Credentials(vault).token("http://a", "anna") is None
    assert await credentials.token("http://a", "anna") is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (keyring.errors.KeyringLocked("x"), "locked"),
        (keyring.errors.InitError("x"), "cannot be used"),
        (keyring.errors.NoKeyringError("x"), "cannot be used"),
    ],
)
async def test_without_a_keyring_it_stays_in_memory(error: Exception, reason: str) -> None:
    credentials = Credentials(MemoryVault(error))
    keeping = await credentials.keep("http://a", "anna", "ta1_x")
    assert keeping.where is Kept.MEMORY
    assert reason in keeping.reason
    assert await credentials.token("http://a", "anna") == "ta1_x"
    await credentials.forget("http://a", "anna")
    assert await credentials.token("http://a", "anna") is None


async def test_no_backend_at_all_is_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", keyring.backends.fail.Keyring)
    keeping = await Credentials().keep("http://a", "anna", "ta1_x")
    assert keeping == Keeping(Kept.MEMORY, "This computer has no keyring.")


async def test_a_plain_text_file_is_no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    # What installing keyrings.alt does: its PlaintextKeyring is picked without a word.
    module = types.ModuleType("keyrings.alt.file")
    monkeypatch.setitem(sys.modules, module.__name__, module)

    class PlaintextKeyring(MemoryVault):
        __module__ = "keyrings.alt.file"

    plain = PlaintextKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: plain)
    keeping = await Credentials().keep("http://a", "anna", "ta1_secret")
    assert keeping.where is Kept.MEMORY
    assert plain.kept == {}
