"""The command line's log opens when there is something to tell; real processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BEGIN = """
import logging, sys, threading
from transferapp.cli.log import prepare_log
prepare_log()
"""


def run(code: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BEGIN + code],
        env={"TRANSFERAPP_HOME": str(home), **variables},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )


def test_it_waits_and_reports_the_first_record_without_its_secret(tmp_path: Path) -> None:
    done = run(
        "print('structlog' in sys.modules)\n"
        "logging.getLogger('httpx').info('a request')\n"
        "print('structlog' in sys.modules)\n"
        "logging.getLogger('any').warning('token=ta1_hushhush')\n"
        "logging.getLogger('any').warning('the second')\n",
        tmp_path,
    )
    assert done.stdout.split() == ["False", "False"]
    first, second = done.stderr.splitlines()
    assert "[hidden]" in first
    assert "hushhush" not in first
    assert "the second" in second


def test_what_the_log_leaves_out_does_not_open_a_gap(tmp_path: Path) -> None:
    """tifffile tells of each damaged file; people read that in our words."""
    done = run("logging.getLogger('tifffile').error('damaged')\n", tmp_path)
    assert done.stderr == ""


def test_a_thread_that_ends_by_a_defect_is_reported_without_its_values(tmp_path: Path) -> None:
    done = run(
        "def work():\n"
        "    password = 'hushhush'\n"
        "    raise LookupError('nothing')\n"
        "thread = threading.Thread(target=work); thread.start(); thread.join()\n",
        tmp_path,
    )
    assert "a thread ended by a defect" in done.stderr
    assert "LookupError" in done.stderr
    assert "hushhush" not in done.stderr.replace("password = 'hushhush'", "")


LATE = {
    "keyring": "from transferapp.cli.signed_in import _credentials; _credentials()",
    "java": "from transferapp.cli import wiring\nwith wiring.bio_formats_here() as b: b()",
    "people": "from transferapp.cli.wiring import local_people; local_people()",
    "doctor": "from transferapp.cli.main import COMMANDS\n[c.load() for c in COMMANDS]",
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_nobody_logs_by_structlog_before_it_is_open(tmp_path: Path, late: str) -> None:
    done = run(
        f"{late}\nimport structlog\nprint(structlog.is_configured())\n",
        tmp_path,
        TRANSFERAPP_BIOFORMATS_OFF="true",
    )
    assert done.stdout.split()[-1] == "True"


def test_a_setting_opens_it_at_once(tmp_path: Path) -> None:
    done = run("print('structlog' in sys.modules)", tmp_path, TRANSFERAPP_LOG_FORMAT="json")
    assert done.stdout.split() == ["True"]
