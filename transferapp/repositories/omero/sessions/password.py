"""Find the importer's password where only this service can read it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import keyring
import keyring.errors
from pydantic import SecretStr

from transferapp.errors import SettingsInvalid
from transferapp.repositories.omero.settings import OmeroSettings

#: The name of the systemd credential, and of the keyring's service.
CREDENTIAL = "transferapp-omero"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def importer_password(settings: OmeroSettings) -> SecretStr:
    """Return the password; blocking. Raises SettingsInvalid that tells what to do."""
    if settings.importer_password_file is not None:
        return _from_file(settings.importer_password_file)
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and (Path(folder) / CREDENTIAL).is_file():
        # systemd has seen to it that nobody else can read it.
        return _content(Path(folder) / CREDENTIAL)
    return _from_keyring(settings.importer)


def _from_file(path: Path) -> SecretStr:
    try:
        status = path.stat()
    except OSError as error:
        raise SettingsInvalid(
            f"The password file {path} of the OMERO importer cannot be read: {error.strerror}."
        ) from error
    if stat.S_IMODE(status.st_mode) & _OTHERS:
        raise SettingsInvalid(
            f"Others may read the password file {path}. Run: chmod 600 {path}"
        )
    return _content(path)


def _content(path: Path) -> SecretStr:
    try:
        content = path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"The password file {path} cannot be read.") from error
    if not content:
        raise SettingsInvalid(f"The password file {path} is empty.")
    return SecretStr(content)


def _from_keyring(importer: str) -> SecretStr:
    try:
        found = keyring.get_password(CREDENTIAL, importer)
    except keyring.errors.KeyringError as error:
        raise SettingsInvalid(
            "The keyring does not open. Put the importer's password into a file and set"
            " TRANSFERAPP_OMERO_IMPORTER_PASSWORD_FILE."
        ) from error
    if not found:
        raise SettingsInvalid(
            f"There is no password for the OMERO importer '{importer}'. Set"
            " TRANSFERAPP_OMERO_IMPORTER_PASSWORD_FILE, or run: keyring set"
            f" {CREDENTIAL} {importer}"
        )
    return SecretStr(found)
