"""What may be skipped: only what there is, and what the facility allows."""

from __future__ import annotations

import pytest
import typer

from transferapp.cli.annotating import skips_given
from transferapp.errors import SettingsInvalid
from transferapp.model.skips import Skip, not_allowed, skips_of
from transferapp.server.settings import ServerSettings

BOTH = frozenset({Skip.MINMAX, Skip.THUMBNAILS})


def test_words_are_read_and_others_refused() -> None:
    assert skips_of("") == frozenset()
    assert skips_of("minmax, thumbnails") == skips_given(["minmax", "thumbnails"]) == BOTH
    assert skips_given(["checksum"]) == {Skip.CHECKSUM}
    with pytest.raises(typer.BadParameter, match="thumbnails, minmax, checksum"):
        skips_given(["pixels"])


def test_what_the_facility_does_not_allow_is_named() -> None:
    assert not_allowed(frozenset(), frozenset()) == not_allowed(BOTH, BOTH) == ""
    why = not_allowed(BOTH, frozenset({Skip.MINMAX}))
    assert "skip thumbnails. What may be skipped: minmax." in why


def test_the_setting_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSFERAPP_IMPORT_SKIP", "minmax thumbnails")
    assert skips_of(ServerSettings().import_skip) == BOTH
    monkeypatch.setenv("TRANSFERAPP_IMPORT_SKIP", "checksums")
    with pytest.raises(SettingsInvalid, match="thumbnails and minmax and checksum"):
        ServerSettings()
