"""Addresses of servers: no user name or password is in one."""

from __future__ import annotations

from transferapp.errors import SettingsInvalid


def check_address(address: str) -> str:
    """Return a server address as it is; raises SettingsInvalid for ``user:password@host``.

    Addresses are shown, logged and kept; so is whatever they hold. Any '@' counts, because a
    password that is not escaped may hold a '/' or '#' before it.
    """
    if "@" in address:
        raise SettingsInvalid(
            "Leave user name and password ('...@') out of the server's address. Write it like"
            " https://transfer.example.org, and sign in with 'transferapp login' or in the"
            " window."
        )
    return address
