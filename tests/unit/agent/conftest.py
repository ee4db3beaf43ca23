"""Close what workstations of exports opened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.export_env import close_outboxes


@pytest.fixture(autouse=True)
def outboxes_are_closed() -> Iterator[None]:
    yield
    close_outboxes()
