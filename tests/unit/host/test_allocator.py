from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
from transferapp.host.allocator import tune_allocator
tuned = tune_allocator()
def mapped():
    return sum(int(line.split()[1]) for line in open("/proc/self/status") if "VmData" in line)
kept = [bytes(1 << 20) for _ in range(32)]
before = mapped()
del kept
print(tuned, before - mapped())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt belongs to glibc")
def test_freed_pieces_stay_mapped() -> None:
    """In a process of its own, because the settings last."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True
    )
    tuned, given_back_kib = done.stdout.split()
    assert tuned == "True"
    assert int(given_back_kib) < 2048
