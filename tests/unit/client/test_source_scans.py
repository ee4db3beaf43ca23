"""Before anybody is told that a source can go, its workstation looks."""

from __future__ import annotations

from typing import cast

import pytest

from tests.support.transfer_fakes import transfer
from transferapp.client.agent import AgentClient
from transferapp.client.source_scans import not_scanned_at, scan_source
from transferapp.errors import AgentUnreachable, NotFound, TransferAppError
from transferapp.model.promises import Promises


class Silent:
    """The workstation service, as far as it answers."""

    def __init__(self, error: TransferAppError) -> None:
        self._error = error

    async def submission(self, _: str) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "scanned"), [(AgentUnreachable(), False), (NotFound("other workstation"), True)]
)
async def test_a_service_that_does_not_answer_has_not_scanned(
    error: TransferAppError, scanned: bool
) -> None:
    agent = cast("AgentClient", Silent(error))
    assert await scan_source(agent, transfer(files_verified=2)) is scanned
    assert await scan_source(agent, transfer(files_verified=0))


def test_nothing_is_promised_then() -> None:
    green = transfer(promises=Promises(True, True, True, True))
    assert not_scanned_at(green).promises == Promises(True, True, False, False)
