"""Whose the files in a folder become: their person's, or the worker's own account's."""

from __future__ import annotations

import os
from dataclasses import dataclass

from typing_extensions import override

from transferapp.errors import Denied
from transferapp.host.folders import OpenFolder

try:
    import pwd
except ImportError:  # Windows has no such accounts.
    pwd = None  # type: ignore[assignment]

#: Nobody, on every system that has accounts with numbers.
_NOBODY = 65534


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account of this computer; without numbers: the worker's own."""

    uid: int | None = None
    gid: int = -1

    def give(self, folder: OpenFolder, name: str) -> None:
        """Make a file or folder this account's; raises PermissionError without the right."""
        if self.uid is not None:
            folder.give(name, self.uid, self.gid)


class Accounts:
    """The worker's own account for everybody: others come to the files by other ways."""

    def of(self, username: str) -> Account:  # noqa: ARG002 - for all the same
        """Return whose a person's files become; raises Denied where there is none."""
        return Account()

    def try_to_give(self, folder: OpenFolder, name: str) -> None:
        """Raise Denied where this process may not give this file away."""


class SystemAccounts(Accounts):
    """The accounts of this computer, by the user names of the repository."""

    @override
    def of(self, username: str) -> Account:
        """Return the account of this name; raises Denied where there is none."""
        try:
            found = pwd.getpwnam(username)
        except (KeyError, ValueError) as error:
            raise Denied(
                f"The computer that brings files has no account '{username}', so nobody could"
                " read them. Tell the administrator of the server, then press Retry."
            ) from error
        if found.pw_uid == 0:
            raise Denied(f"Files are not brought to the account '{username}'.")
        return Account(found.pw_uid, found.pw_gid)

    @override
    def try_to_give(self, folder: OpenFolder, name: str) -> None:
        """Raise Denied where this process may not give this file away."""
        try:
            folder.give(name, _NOBODY, -1)
        except OSError as error:
            raise Denied(
                "The worker may not give files to their people"
                f" ({error.strerror}; it runs as account {os.geteuid()}). Run it with"
                ' CAP_CHOWN and CAP_DAC_OVERRIDE, or set rights = "worker".'
            ) from error
