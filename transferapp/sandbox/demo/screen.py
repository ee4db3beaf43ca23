"""A private screen for the demo: Xvfb, a window manager, a session bus, notifications."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from transferapp.host.private_file import append_private

SIZE = "1440x900x24"
#: What must be on the PATH.
PROGRAMS = (
    "Xvfb", "openbox", "dbus-daemon", "dbus-monitor", "gnome-keyring-daemon", "dunst",
)  # fmt: skip
_STRING = re.compile(r'^   string "(.*?)"$', re.MULTILINE | re.DOTALL)
#: Large, still popups on the screen, so that they can be read on a screenshot.
DUNST = """\
[global]
    origin = top-right
    offset = 24x24
    width = (300, 460)
    font = DejaVu Sans 11
    frame_color = "#2f6fed"
    background = "#ffffff"
    foreground = "#1c2430"
    corner_radius = 8
    padding = 14
    horizontal_padding = 16
    show_indicators = no
    idle_threshold = 0
    icon_position = left
[urgency_normal]
    background = "#ffffff"
    foreground = "#1c2430"
    timeout = 8
"""


class PrivateScreen:
    """Xvfb on a free display with openbox, a D-Bus session, a keyring and dunst on it."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is for sockets and logs; it must exist."""
        self._folder = folder
        self._stack = ExitStack()
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Start everything; what is missing is named."""
        missing = [p for p in PROGRAMS if not shutil.which(p)]
        if missing:
            raise RuntimeError(
                f"not installed: {', '.join(missing)}. 'python3 installers/bootstrap.py demo'"
                " installs them on Debian."
            )
        display = self._start_display()
        self.environment = {
            "DISPLAY": display,
            "DBUS_SESSION_BUS_ADDRESS": self._start_bus(),
            "QT_QPA_PLATFORM": "xcb",
            "XDG_CURRENT_DESKTOP": "X-Generic",
        }
        config = self._folder / "dunstrc"
        config.write_text(DUNST, encoding="utf-8")
        self._start("openbox", "--sm-disable")
        self._open_keyring()
        self._start("dunst", "-config", str(config))
        self._start("dbus-monitor", "--session", "member=Notify,type=method_call")
        return self

    def notifications(self) -> list[str]:
        """Return the title and text of each notification that was sent so far."""
        log = self._folder / "dbus-monitor.log"
        calls = log.read_text(encoding="utf-8", errors="replace").split("member=Notify")[1:]
        return [": ".join(_STRING.findall(call)[2:4]) for call in calls]

    def wait_for_notification(self, pattern: str, timeout_s: float = 30) -> list[str]:
        """Wait until one fits the regular expression; returns all. Raises TimeoutError."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            reported = self.notifications()
            if any(re.search(pattern, text) for text in reported):
                return reported
            time.sleep(0.1)
        raise TimeoutError(
            f"no notification fits {pattern!r}; told were {self.notifications()}"
        )

    def __exit__(self, *_: object) -> None:
        """Stop everything, last started first."""
        self._stack.close()

    def _start_display(self) -> str:
        read_end, write_end = os.pipe()
        command = [
            "Xvfb",
            "-displayfd",
            str(write_end),
            "-screen",
            "0",
            SIZE,
            "-nolisten",
            "tcp",
        ]
        with append_private(self._folder / "Xvfb.log") as log:
            process = subprocess.Popen(  # noqa: S603
                command, pass_fds=[write_end], stdout=log, stderr=log, start_new_session=True
            )
        os.close(write_end)
        self._stack.callback(_end, process)
        with os.fdopen(read_end, "rb") as answer:
            number = answer.readline().decode().strip()
        if not number:
            raise RuntimeError(f"Xvfb did not start; see {self._folder / 'Xvfb.log'}")
        return f":{number}"

    def _start_bus(self) -> str:
        # A short path: the address of a Unix socket holds 107 bytes.
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="ta-bus-"))
        address = f"unix:path={folder}/bus"
        command = ["dbus-daemon", "--session", "--nofork", "--print-address=1"]
        with append_private(self._folder / "dbus-daemon.log") as log:
            process = subprocess.Popen(  # noqa: S603
                [*command, "--address", address],
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._stack.callback(_end, process)
        if process.stdout is None:
            raise RuntimeError("dbus-daemon has no output")
        with process.stdout as output:
            return output.readline().decode().strip()

    def _open_keyring(self) -> None:
        """Start an unlocked keyring that lives in our folder only."""
        self.environment["XDG_DATA_HOME"] = str(self._folder / "keyring")
        keyring = self._start(
            "gnome-keyring-daemon", "--unlock", "--components=secrets", "--foreground",
            "--control-directory", str(self._folder / "keyring-control"),
            text=secrets.token_hex(),
        )  # fmt: skip
        _wait_for(self._folder / "keyring" / "keyrings" / "login.keyring", keyring)

    def _start(self, *command: str, text: str = "") -> subprocess.Popen[bytes]:
        with append_private(self._folder / f"{command[0]}.log") as log:
            process = subprocess.Popen(  # noqa: S603
                command,
                env={**os.environ, **self.environment},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._stack.callback(_end, process)
        if process.stdin is not None:
            with process.stdin as given:
                given.write(text.encode())
        return process


def _wait_for(path: Path, process: subprocess.Popen[bytes], timeout_s: float = 10) -> None:
    until = time.monotonic() + timeout_s
    while not path.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the keyring did not open: {path} is missing")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
