"""The suite for a real OMERO works: here it is run against the sandbox, from outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from transferapp.sandbox.omero_sandbox.fixture import ROOT_PASSWORD, RunningSandbox

ROOT = Path(__file__).resolve().parents[3]
SUITE = "tests/contract/test_real_omero.py"


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A fresh server: root and nobody else."""
    with RunningSandbox(tmp_path / "omero", ("tcp", "ssl"), people=False) as started:
        yield started


def run_suite(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest as a person does who has set OMERO_*."""
    clean = {name: value for name, value in os.environ.items() if "OMERO" not in name}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, SUITE],
        cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def named(sandbox: RunningSandbox, transport: str) -> dict[str, str]:
    stated = {
        "OMERO_HOST": sandbox.host,
        "OMERO_PORT": str(sandbox.port(transport)),
        "OMERO_TRANSPORT": transport,
        "OMERO_USER": "sudoer",
        "OMERO_PASSWORD": "of-the-sudoer",
        "OMERO_ROOT_PASSWORD": ROOT_PASSWORD,
    }
    return stated | ({"OMERO_CA_FILE": str(sandbox.ca_file)} if transport == "ssl" else {})


def test_it_is_not_run_unless_asked_for(sandbox: RunningSandbox) -> None:
    done = run_suite(named(sandbox, "tcp"))
    assert re.search(r"\d+ deselected", done.stdout)
    assert "passed" not in done.stdout


def test_it_is_skipped_without_a_server() -> None:
    done = run_suite({}, "-m", "real_omero", "-rs")
    assert done.returncode == 0, done.stdout
    assert "OMERO_HOST is not set" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_whole_suite_over_tls_then_again_on_the_same_server(
    sandbox: RunningSandbox,
) -> None:
    done = run_suite(named(sandbox, "ssl"), "-m", "real_omero")
    assert done.returncode == 0, done.stdout[-4000:]
    count = re.search(r"(\d+) passed", done.stdout)
    assert count is not None
    assert int(count[1]) > 40
    again = run_suite(named(sandbox, "tcp"), "-m", "real_omero", "-k", "identity or every_step")
    assert again.returncode == 0, again.stdout[-4000:]


def test_people_that_it_did_not_make_are_left_alone(sandbox: RunningSandbox) -> None:
    sandbox.control("add_group", name="institute")
    sandbox.control("add_user", name="alice", password="hers", groups=["institute"])
    done = run_suite(named(sandbox, "tcp"), "-m", "real_omero", "-k", "health")
    assert done.returncode != 0
    assert "a user 'alice' that this suite did not make" in done.stdout
