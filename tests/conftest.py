"""What all tests share: the suite can be collected where pytest-qt is not installed."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know pytest-qt's settings also on the core alone (tests/e2e/test_core_alone.py)."""
    if importlib.util.find_spec("pytestqt") is None:
        for name in ("qt_api", "qt_log_level_fail"):
            parser.addini(name, "of pytest-qt, which is not installed")


def pytest_configure() -> None:
    """Read no settings from this account's or this computer's files, in any process."""
    os.environ["TRANSFERAPP_CONFIG"] = os.devnull
    # As the product does. What is not configured draws each frame with its local variables:
    # seconds for one error.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.fixture
def short_path() -> Iterator[Path]:
    """Return an empty folder whose path leaves room for a Unix socket's below it (108 bytes),
    which ``tmp_path`` of a test with a long name does not, with -n.
    """
    with tempfile.TemporaryDirectory(prefix="ta-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session", autouse=True)
def passwords_are_cheap() -> None:
    """Spare every account and sign-in of a test 0.1 s of two processors and 64 MB.

    That they cost it elsewhere, tests/unit/repositories/test_password_cost.py shows.
    """
    if importlib.util.find_spec("argon2") is None:
        return  # on the core alone
    from argon2 import PasswordHasher  # noqa: PLC0415

    from transferapp.repositories.local.accounts import people  # noqa: PLC0415

    people._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
