"""An X server of a test's own, on a free display."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_display(width: int, height: int) -> Iterator[str]:
    """Start Xvfb; yields what DISPLAY says."""
    screen = f"{width}x{height}x24"
    with subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", screen, "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as xvfb:
        assert xvfb.stdout is not None
        yield f":{xvfb.stdout.readline().strip()}"
        xvfb.terminate()
