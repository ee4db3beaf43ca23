"""Temporary folders of Bio-Formats go with their process, also when that was killed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from transferapp.bioformats.own_folder import own_folder

_HOLDS = (
    "import time\n"
    "from transferapp.bioformats.own_folder import own_folder\n"
    "with own_folder() as folder:\n"
    "    (folder / 'unpacked.so').write_bytes(b'x' * 99)\n"
    "    print(folder, flush=True)\n"
    "    time.sleep(600)\n"
)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDS], stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_what_a_killed_process_left_is_removed_by_the_next_one(
    holder: subprocess.Popen[str], temporary: Path
) -> None:
    assert holder.stdout is not None
    theirs = Path(holder.stdout.readline().strip())
    assert theirs.parent == temporary
    with own_folder() as ours:
        assert (theirs / "unpacked.so").exists(), "that one is in use"
        holder.kill()
        holder.wait()
        assert theirs.exists()
        with own_folder():
            assert not theirs.exists()
            assert ours.is_dir()
    assert list(temporary.iterdir()) == []


def test_what_a_link_names_stays(temporary: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (kept / "below").mkdir(parents=True)
    (temporary / "transferapp-bioformats-link").symlink_to(kept)
    (temporary / "transferapp-bioformats-file").write_text("no folder")
    with own_folder():
        pass
    assert (kept / "below").is_dir()
    assert (temporary / "transferapp-bioformats-file").exists()
