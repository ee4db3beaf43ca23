"""Give places their adapters."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from transferapp.errors import SettingsInvalid
from transferapp.host.clock import SystemClock
from transferapp.host.private_file import private_text
from transferapp.places.port import FacilityPlace
from transferapp.places.settings import FileRights, PlaceSettings
from transferapp.places.stores.accounts import Accounts, SystemAccounts
from transferapp.places.stores.folder import FolderPlace
from transferapp.places.stores.unfinished_uploads import BucketAddress, UnfinishedUploads

if TYPE_CHECKING:
    from obstore.store import ObjectStore


class _Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    access_key_id: SecretStr
    secret_access_key: SecretStr


def open_place(name: str, settings: PlaceSettings) -> FacilityPlace:
    """Return a place; nothing is asked of it yet. Raises SettingsInvalid."""
    if settings.folder is not None:
        by_account = settings.rights is FileRights.PERSON
        return FolderPlace(
            name, settings.folder, SystemAccounts() if by_account else Accounts()
        )
    try:
        from transferapp.places.stores.bucket import BucketPlace  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise SettingsInvalid(
            f"The place '{name}' is a bucket, and the package for it is not installed on the"
            " worker: pip install 'transferapp[s3]'."
        ) from error
    known = _credentials(name, settings.credentials_file)
    return BucketPlace(name, _store(settings, known), _unfinished(settings, known))


def _unfinished(
    settings: PlaceSettings, known: _Credentials | None
) -> UnfinishedUploads | None:
    """Return what ends unfinished uploads; None where only obstore knows how to sign in."""
    if known is None:
        return None
    bucket, _, prefix = settings.bucket.removeprefix("s3://").partition("/")
    region = settings.region or "us-east-1"
    address = BucketAddress(
        settings.endpoint or f"https://s3.{region}.amazonaws.com",
        region,
        bucket,
        f"{prefix.strip('/')}/" if prefix.strip("/") else "",
        known.access_key_id.get_secret_value(),
        known.secret_access_key.get_secret_value(),
    )
    return UnfinishedUploads(address, SystemClock())


def _store(settings: PlaceSettings, known: _Credentials | None) -> ObjectStore:
    from obstore.store import S3Store  # noqa: PLC0415 - an extra

    bucket, _, prefix = settings.bucket.removeprefix("s3://").partition("/")
    more: dict[str, str] = {"endpoint": settings.endpoint, "region": settings.region}
    if known is not None:
        more["access_key_id"] = known.access_key_id.get_secret_value()
        more["secret_access_key"] = known.secret_access_key.get_secret_value()
    plain = settings.endpoint.startswith("http://")
    return S3Store(
        bucket,
        prefix=prefix.strip("/") or None,
        client_options={"allow_http": plain, "timeout": "300s", "connect_timeout": "10s"},
        retry_config={"max_retries": 2},
        **{key: value for key, value in more.items() if value},  # type: ignore[arg-type]
    )


def _credentials(name: str, path: Path | None) -> _Credentials | None:
    if path is None:
        return None
    setting = f"places.{name}.credentials_file"
    try:
        return _Credentials.model_validate(tomllib.loads(private_text(path, setting)))
    except (tomllib.TOMLDecodeError, ValidationError):
        # Not shown: it holds a secret.
        raise SettingsInvalid(
            f"{setting}: it must be TOML with access_key_id and secret_access_key."
        ) from None
