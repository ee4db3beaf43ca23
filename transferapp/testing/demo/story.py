"""The story, scene by scene, on the piloted desktop: what a person does and sees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from transferapp.model.transfers import TransferDetails, TransferKind
from transferapp.testing.demo.actor import Actor
from transferapp.testing.demo.screen import PrivateScreen
from transferapp.testing.stage import Stage

USERNAME = "alice"
#: A demo account in a temporary folder; it protects nothing.
PASSWORD = "microscope"  # noqa: S105
PROJECT = "Cell atlas"
DATASET = "First look"
IMPORT_TIMEOUT_S = 180
EXPORT_TIMEOUT_S = 120
Say = Callable[[str], None]


@dataclass
class Outcome:
    """What the scenes measured and photographed."""

    screenshots: list[str] = field(default_factory=list)
    safe_to_log_off_s: float = 0.0
    first_pixels_ms: float = 0.0
    exported_names: list[str] = field(default_factory=list)
    notifications: list[str] = field(default_factory=list)


class Story:
    """Plays the scenes; ``say`` tells the terminal what happens."""

    def __init__(
        self, scene: tuple[Stage, PrivateScreen], folder: Path, out: Path, say: Say
    ) -> None:
        """``folder`` is what is dropped, ``out`` is where screenshots go."""
        self._stage, self._screen = scene
        self._folder = folder
        self._out = out
        self._say = say
        self.outcome = Outcome()

    def play(self) -> Outcome:
        """Play all scenes."""
        with self._open_desktop() as desktop:
            self._sign_in(desktop)
            self._import(desktop)
            self._say("kill -9 of the desktop: she has logged off")
            desktop.kill()
        self._wait_for_import()
        with self._open_desktop() as desktop:
            self._come_back(desktop)
            self._browse(desktop)
            self._preview(desktop)
            self._export(desktop)
            self._look_at_transfers(desktop)
        return self.outcome

    def _open_desktop(self) -> Actor:
        return Actor(self._stage.environment, self._stage.logs / "desktop.log")

    def _shot(self, desktop: Actor, name: str, settle_s: float = 0.6) -> None:
        file = f"{len(self.outcome.screenshots) + 1}-{name}.png"
        desktop.do("shot", path=str(self._out / file), settle_s=settle_s)
        self.outcome.screenshots.append(file)
        self._say(f"  screenshot {file}")

    def _sign_in(self, desktop: Actor) -> None:
        self._say(f"she signs in as {USERNAME}")
        desktop.do("wait", "signIn.submit", timeout_s=60)
        desktop.do("type", "signIn.server", text=self._stage.url)
        desktop.do("type", "signIn.user", text=USERNAME)
        desktop.do("type", "signIn.password", text=PASSWORD)
        self._shot(desktop, "sign-in")
        desktop.do("click", "signIn.submit")
        desktop.do("wait", "nav.import", timeout_s=30)

    def _import(self, desktop: Actor) -> None:
        self._say(f"she drops the folder '{self._folder.name}' and chooses a target")
        desktop.do("click", "nav.import")
        desktop.do("wait", "import.drop")
        desktop.do("drop", "import.drop", paths=[str(self._folder)])
        desktop.do("wait", "import.list", rows=3, timeout_s=60)
        desktop.do("choose", "import.target", path=[PROJECT, DATASET])
        desktop.do("wait", "import.submit", enabled=True)
        self._shot(desktop, "import")
        self._say("she presses Import")
        self.outcome.safe_to_log_off_s = round(
            desktop.do(
                "measure",
                "import.submit",
                until={"name": "import.promise.logOff", "text": "(?i)safe", "timeout_s": 60},
            ),
            3,
        )
        self._say(f"safe to log off after {self.outcome.safe_to_log_off_s:.2f} s")
        self._shot(desktop, "safe-to-log-off", settle_s=0.05)

    def _wait_for_import(self) -> None:
        """Ask the server, as the next workstation would, until the import has ended."""
        self._say("nobody is logged in; agent, server and worker go on")
        began = time.monotonic()
        self._ended(TransferKind.IMPORT, IMPORT_TIMEOUT_S)
        self._say(f"the import ended by itself {time.monotonic() - began:.1f} s later")

    def _ended(self, kind: TransferKind, timeout_s: float) -> TransferDetails:
        return asyncio.run(self._stage.ended(USERNAME, PASSWORD, kind, timeout_s))

    def _come_back(self, desktop: Actor) -> None:
        self._say("she opens the desktop again: the outcome is told as a notification")
        desktop.do("wait", "signIn.submit", timeout_s=60)
        desktop.do("type", "signIn.password", text=PASSWORD)
        desktop.do("click", "signIn.submit")
        desktop.do("wait", "nav.import", timeout_s=30)
        self.outcome.notifications = self._screen.wait_for_notification("(?i)import")
        self._shot(desktop, "notification", settle_s=1.0)

    def _browse(self, desktop: Actor) -> None:
        self._say("she looks at the images")
        desktop.do("click", "nav.browse")
        desktop.do("choose", "browse.tree", path=[PROJECT, DATASET])
        desktop.do("wait", "browse.images", rows=3, timeout_s=30)
        desktop.do("choose", "browse.images", path=["slide"])
        self._shot(desktop, "browse", settle_s=3.0)

    def _preview(self, desktop: Actor) -> None:
        self._say("she opens one in napari, before any download")
        desktop.do("wait", "browse.openInNapari", enabled=True)
        self.outcome.first_pixels_ms = round(desktop.do("preview", "browse.openInNapari"), 1)
        self._say(f"first pixels after {self.outcome.first_pixels_ms:.0f} ms")
        self._shot(desktop, "preview", settle_s=2.0)
        desktop.do("close-preview")

    def _export(self, desktop: Actor) -> None:
        self._say("she exports everything; it runs in the background")
        desktop.do("choose-all", "browse.images")
        desktop.do("export", "browse.export", folder=str(self._out / "exported"))
        details = self._ended(TransferKind.EXPORT, EXPORT_TIMEOUT_S)
        names = {PurePosixPath(file.client_path).name for file in details.files}
        self.outcome.exported_names = sorted(names)

    def _look_at_transfers(self, desktop: Actor) -> None:
        desktop.do("click", "nav.transfers")
        desktop.do("wait", "transfers.table", rows=2, timeout_s=30)
        self._shot(desktop, "transfers", settle_s=1.5)
