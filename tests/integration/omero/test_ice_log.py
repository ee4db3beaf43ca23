"""What Ice tells is a line of our log, not one of its own on standard error."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from structlog.testing import capture_logs

from tests.support.omero_env import settings_for
from tests.support.omero_fixtures import sandbox
from transferapp.repositories.omero.sessions.gateway import Gateway
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import ALICE, PASSWORD

__all__ = ["sandbox"]


def test_a_session_that_cannot_be_kept_alive_is_told_of(
    sandbox: RunningSandbox,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    gateway = Gateway.sign_in(settings_for(sandbox, tmp_path), ALICE, PASSWORD)
    ice = gateway._client.getCommunicator().getLogger()
    with capture_logs() as logged:
        # As omero-py does where a call of its own thread fails.
        ice.warning("Proxy keep alive failed.")
        ice.cloneWithPrefix("x").error("worse")
        ice.trace("Network", "a byte")
        ice.print("plain")
    assert [(one["log_level"], one["event"], one["text"]) for one in logged] == [
        ("warning", "ice warns", "Proxy keep alive failed."),
        ("error", "ice reports an error", "worse"),
        ("debug", "ice traces", "Network: a byte"),
        ("info", "ice reports", "plain"),
    ]
    gateway.close()
    assert "-!" not in capfd.readouterr().err
