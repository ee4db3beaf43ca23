"""Where files are kept, in a log-in session and outside."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from transferapp.host.paths import HOME_VARIABLE, host_paths

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="XDG's folders are Linux's"
)


def test_outside_a_session_nothing_is_in_a_shared_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And nothing is warned of: pytest turns warnings into errors."""
    for variable in (HOME_VARIABLE, "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert host_paths().runtime == tmp_path / ".cache" / "transferapp" / "run"


def test_in_a_session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert host_paths().runtime == tmp_path / "transferapp"
