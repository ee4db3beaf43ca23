"""The story, scene by scene, on the piloted desktop: what a person does and sees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from transferapp.model.transfers import TransferDetails, TransferKind
from transferapp.sandbox.demo.actor import Actor, ActorError
from transferapp.sandbox.demo.screen import PrivateScreen
from transferapp.sandbox.local_installation import InstallationError, LocalInstallation

USERNAME = "alice"
#: A demo account in a temporary folder; it protects nothing.
PASSWORD = "microscope"  # noqa: S105
PROJECT = "Cell atlas"
DATASET = "First look"
IMPORT_TIMEOUT_S = 180
EXPORT_TIMEOUT_S = 60
#: How long she looks at an image, in seconds.
SCAN_S = 2.0
Echo = Callable[[str], None]


@dataclass
class DemoResult:
    """What the scenes measured and photographed."""

    screenshots: list[str] = field(default_factory=list)
    safe_to_log_off_s: float = 0.0
    first_pixels_ms: float = 0.0
    exported_paths: list[str] = field(default_factory=list)
    notifications: list[str] = field(default_factory=list)


class Story:
    """Plays the scenes; ``echo`` tells the terminal what happens."""

    def __init__(
        self, env: tuple[LocalInstallation, PrivateScreen], folder: Path, out: Path, echo: Echo
    ) -> None:
        """``folder`` is what is dropped, ``out`` is where screenshots go."""
        self._installation, self._screen = env
        self._folder = folder
        self._out = out
        self._echo = echo
        self.notable = DemoResult()

    def play(self) -> DemoResult:
        """Play all scenes."""
        with self._open_desktop() as desktop:
            self._sign_in(desktop)
            self._import(desktop)
            self._echo("kill -9 of the desktop: she has logged off")
            desktop.kill()
        self._wait_for_import()
        with self._open_desktop() as desktop:
            self._come_back(desktop)
            self._browse(desktop)
            self._preview(desktop)
            self._export(desktop)
            self._check_transfers(desktop)
        return self.notable

    @contextmanager
    def _open_desktop(self) -> Iterator[Actor]:
        """Start the desktop; where a scene fails, its screen is kept as failed.png."""
        with Actor(
            self._installation.environment, self._installation.logs / "desktop.log"
        ) as desktop:
            try:
                yield desktop
            except (ActorError, InstallationError):
                with suppress(ActorError):
                    desktop.do("shot", path=str(self._out / "failed.png"))
                    self._echo(f"widgets in sight: {' '.join(desktop.do('names'))}")
                self._echo(self._installation.tail("desktop"))
                raise

    def _shot(self, desktop: Actor, name: str, settle_s: float = 0.6) -> None:
        file = f"{len(self.notable.screenshots) + 1}-{name}.png"
        desktop.do("shot", path=str(self._out / file), settle_s=settle_s)
        self.notable.screenshots.append(file)
        self._echo(f"  screenshot {file}")

    def _sign_in(self, desktop: Actor) -> None:
        self._echo(f"she signs in as {USERNAME}")
        desktop.do("wait", "signIn.submit", timeout_s=60)
        desktop.do("type", "signIn.server", text=self._installation.url)
        desktop.do("type", "signIn.user", text=USERNAME)
        desktop.do("type", "signIn.password", text=PASSWORD)
        self._shot(desktop, "sign-in")
        desktop.do("click", "signIn.submit")
        desktop.do("wait", "nav.import", timeout_s=30)

    def _import(self, desktop: Actor) -> None:
        self._echo(f"she drops the folder '{self._folder.name}' and chooses a target")
        desktop.do("click", "nav.import")
        desktop.do("wait", "import.drop")
        desktop.do("drop", "import.drop", paths=[str(self._folder)])
        desktop.do("wait", "import.list", rows=3, timeout_s=60)
        desktop.do("wait", "import.target")
        desktop.do("choose", "import.target", path=[PROJECT, DATASET])
        desktop.do("wait", "import.submit", enabled=True)
        self._shot(desktop, "import")
        self._echo("she presses Import")
        self.notable.safe_to_log_off_s = round(
            desktop.do(
                "measure",
                "import.submit",
                until={"name": "import.promise.logOff", "text": "(?i)safe", "timeout_s": 60},
            ),
            3,
        )
        self._echo(f"safe to log off after {self.notable.safe_to_log_off_s:.2f} s")
        self._shot(desktop, "safe-to-log-off", settle_s=0.05)

    def _wait_for_import(self) -> None:
        """Ask the server, as the next workstation would, until the import has ended."""
        self._echo("nobody is logged in; agent, server and worker go on")
        began = time.monotonic()
        self._ended(TransferKind.IMPORT, IMPORT_TIMEOUT_S)
        self._echo(f"the import ended by itself {time.monotonic() - began:.1f} s later")

    def _ended(self, kind: TransferKind, timeout_s: float) -> TransferDetails:
        return asyncio.run(self._installation.ended(USERNAME, PASSWORD, kind, timeout_s))

    def _come_back(self, desktop: Actor) -> None:
        self._echo("she opens the desktop again; the keyring kept her signed in")
        desktop.do("wait", "nav.import", timeout_s=60)
        self._echo("the outcome is told as a notification")
        self.notable.notifications = self._screen.wait_for_notification("(?i)import")
        self._shot(desktop, "notification", settle_s=1.0)

    def _browse(self, desktop: Actor) -> None:
        self._echo("she looks at the images")
        desktop.do("click", "nav.browse")
        desktop.do("choose", "browse.tree", path=[PROJECT, DATASET])
        desktop.do("wait", "browse.images", rows=3, timeout_s=30)
        # napari warms up meanwhile, as it does for a person who looks around.
        for image in ("ecoli", "organoid", "cluster", "slide"):
            desktop.do("choose", "browse.images", path=[image])
            time.sleep(SCAN_S)
        self._shot(desktop, "browse", settle_s=3.0)

    def _preview(self, desktop: Actor) -> None:
        self._echo("she opens one in napari, before any download")
        desktop.do("wait", "browse.openInNapari", enabled=True)
        self.notable.first_pixels_ms = round(desktop.do("preview", "browse.openInNapari"), 1)
        self._echo(f"first pixels after {self.notable.first_pixels_ms:.0f} ms")
        self._shot(desktop, "preview", settle_s=2.0)
        desktop.do("front")

    def _export(self, desktop: Actor) -> None:
        self._echo("she exports everything; it runs in the background")
        desktop.do("choose-all", "browse.images")
        desktop.do("click", "browse.export")
        desktop.do("wait", "export.folder")
        desktop.do("type", "export.folder", text=str(self._out / "exported"))
        desktop.do("click", "export.start")
        details = self._ended(TransferKind.EXPORT, EXPORT_TIMEOUT_S)
        self.notable.exported_paths = sorted(file.client_path for file in details.files)

    def _check_transfers(self, desktop: Actor) -> None:
        desktop.do("click", "nav.transfers")
        desktop.do("wait", "transfers.table", rows=2, timeout_s=30)
        desktop.do("choose", "transfers.table", path=["Sample"])
        self._shot(desktop, "transfers", settle_s=1.5)
