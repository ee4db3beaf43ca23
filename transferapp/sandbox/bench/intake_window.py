"""How long the desktop's window stands still while very many files are dropped on it.

The real desktop, signed in to a real server, without a screen. A timer of 5 ms on its event
loop notes the time between two of its turns: from the drop until the list is whole, and while
the repository is asked about the files.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from transferapp.sandbox.demo.actor import Actor
from transferapp.sandbox.local_installation import LocalInstallation

ROUNDS = 3
#: Seconds for which the window is watched after the look: 100,000 files are asked about.
AFTERWARDS_S = 6.0
#: Seconds between two looks at the window, which hold it, too.
_GLANCE_S = 0.03
_USER, _PROJECT, _DATASET = "alice", "Bench", "Files"
#: An account in a temporary folder; it protects nothing.
_PASSWORD = "microscope"  # noqa: S105
#: Neither a screen nor a session bus, and no keyring of a person.
_ALONE = {
    "QT_QPA_PLATFORM": "offscreen",
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus",
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
}


def stand_still(folder: Path) -> dict[str, float]:
    """Drop a folder on a new window, round by round; return the figures of the bench.

    Milliseconds and seconds are medians of the rounds; ``ui_stall_ms_max`` is the longest
    of all.
    """
    # A short name: paths of Unix sockets hold 107 bytes.
    with (
        tempfile.TemporaryDirectory(prefix="ta-bench-") as home,
        LocalInstallation(Path(home), _ALONE) as installation,
    ):
        asyncio.run(installation.add_people(_PASSWORD))
        installation.start_all()
        asyncio.run(installation.add_target(_USER, _PASSWORD, _PROJECT, _DATASET))
        rounds = [_dropped(installation, folder) for _ in range(ROUNDS)]
    worst = [held[0] for held, _, _ in rounds]
    p99 = [held[len(held) // 100] for held, _, _ in rounds]
    return {
        "ui_stall_ms_p99": round(statistics.median(p99), 1),
        "ui_stall_ms_worst": round(statistics.median(worst), 1),
        "ui_stall_ms_max": round(max(worst), 1),
        "ui_first_verdict_s": round(statistics.median(first for _, first, _ in rounds), 3),
        "ui_whole_list_s": round(statistics.median(whole for _, _, whole in rounds), 3),
    }


def _dropped(installation: LocalInstallation, folder: Path) -> tuple[list[float], float, float]:
    """Return the milliseconds between turns, the longest first, and the seconds from the
    drop to the first verdict and to the whole list.
    """
    with Actor(installation.environment, installation.logs / "desktop.log") as desktop:
        desktop.do("wait", "signIn.submit", timeout_s=60)
        desktop.do("type", "signIn.server", text=installation.url)
        desktop.do("type", "signIn.user", text=_USER)
        desktop.do("type", "signIn.password", text=_PASSWORD)
        desktop.do("click", "signIn.submit")
        desktop.do("wait", "import.target", timeout_s=60)
        desktop.do("choose", "import.target", path=[_PROJECT, _DATASET])
        time.sleep(1)
        desktop.do("attend")
        began_s = time.perf_counter()
        desktop.do("drop", "import.drop", paths=[str(folder)])
        desktop.do("wait", "import.list", rows=1, timeout_s=60, every_s=_GLANCE_S)
        first_s = time.perf_counter() - began_s
        desktop.do("wait", "import.looking", visible=False, timeout_s=120, every_s=_GLANCE_S)
        whole_s = time.perf_counter() - began_s
        time.sleep(AFTERWARDS_S)
        return desktop.do("attended"), first_s, whole_s
