"""Measure our verified transfers against the usual tools doing equal work, side by side.

Upload: hash and send with our client to our tus server, against ``sha1sum`` then
``curl -T``. Download: fetch, verify and place, against ``curl`` then ``sha1sum``.
Both sides alternate (A B A B) on a RAM disk, so noise hits both.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path, PurePath

import httpx

from transferapp.client.downloads import DownloadOrder, download_file
from transferapp.client.transport import bulk_client
from transferapp.client.uploads import UploadedFile, UploadOrder, upload_file
from transferapp.errors import SettingsInvalid
from transferapp.host.folders import OpenFolder
from transferapp.protocol import routes
from transferapp.sandbox.data_server import DataServer, data_server

SIZE = 256 << 20
ROUNDS = 7
_RAM_DISK = Path("/dev/shm")  # noqa: S108 - measured on purpose without a disk
_SINK = "transferapp.sandbox.bench.put_sink"


@dataclass(frozen=True)
class DataBench:
    """What one run works with."""

    folder: Path
    source: Path
    client: httpx.Client
    server: DataServer
    sink_url: str

    def upload_ours(self) -> UploadedFile:
        """Upload under a new id."""
        return self._upload(uuid.uuid4().hex)

    def upload_peer(self) -> None:
        """Hash with sha1sum, then send with curl."""
        _command("sha1sum", self.source)
        _command("curl", "-sSf", "-T", self.source, "-o", os.devnull, self.sink_url)

    def sealed(self) -> tuple[str, UploadedFile]:
        """Upload and seal a file to be downloaded; returns its id."""
        file_id = uuid.uuid4().hex
        uploaded = self._upload(file_id)
        self.client.post(routes.file_seal("bench", file_id)).raise_for_status()
        return file_id, uploaded

    def download_ours(self, file_id: str, uploaded: UploadedFile) -> None:
        """Download, verify, sync and place."""
        order = DownloadOrder(
            address=routes.file_content("bench", file_id),
            file_id=file_id,
            open_folder=partial(OpenFolder.at, self.folder),
            inside=PurePath("ours"),
            size_bytes=uploaded.size_bytes,
            sha1=uploaded.sha1,
            grant=self.server.token,
        )
        download_file(self.client, order, lambda _arrived: None).path.unlink()

    def download_peer(self, file_id: str) -> None:
        """Download with curl from the same server, then hash with sha1sum."""
        target = self.folder / "peer"
        url = self.server.url + routes.file_content("bench", file_id)
        _command("curl", "-sSf", "-o", target, url)
        _command("sha1sum", target)
        target.unlink()

    def forget(self) -> None:
        """Make room on the RAM disk."""
        for path in (self.folder / "staging").iterdir():
            path.unlink()

    def _upload(self, file_id: str) -> UploadedFile:
        found = self.source.stat()
        order = UploadOrder(
            transfer_id="bench",
            file_id=file_id,
            path=self.source,
            size_bytes=found.st_size,
            modified_ns=found.st_mtime_ns,
            grant=self.server.token,
        )
        return upload_file(self.client, order, lambda _sent: None)


def run(out: Path) -> None:
    """Measure and write the JSON object to ``out``; takes about a minute.

    Raises SettingsInvalid when curl or sha1sum is missing.
    """
    for tool in ("curl", "sha1sum"):
        if shutil.which(tool) is None:
            raise SettingsInvalid(f"The bench compares with {tool}; install it first.")
    with _prepared() as bench:
        uploads = _alternate(bench.upload_ours, bench.upload_peer, bench.forget)
        file_id, uploaded = bench.sealed()
        downloads = _alternate(
            lambda: bench.download_ours(file_id, uploaded),
            lambda: bench.download_peer(file_id),
            lambda: None,
        )
    report = {
        "bench": "data",
        "ratios": {
            "upload hashed and verified, ours over sha1sum + curl -T": _ratio(uploads),
            "download verified, ours over curl + sha1sum": _ratio(downloads),
        },
        "figures": _figures("upload", uploads) | _figures("download", downloads),
        "machine": _machine(),
        "commands": _commands(),
    }
    out.write_text(json.dumps(report, indent=2) + "\n")


@contextlib.contextmanager
def _prepared() -> Iterator[DataBench]:
    disk = _RAM_DISK if os.access(_RAM_DISK, os.W_OK) else None
    with (
        tempfile.TemporaryDirectory(dir=disk, prefix="transferapp-bench-") as name,
        data_server(Path(name) / "staging") as server,
        _sink(Path(name)) as sink_url,
        bulk_client(server.url) as client,
    ):
        source = Path(name) / "source.bin"
        source.write_bytes(os.urandom(SIZE))
        yield DataBench(Path(name), source, client, server, sink_url)


@contextlib.contextmanager
def _sink(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", _SINK, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/received"
        finally:
            process.terminate()


def _alternate(
    ours: Callable[[], object], peer: Callable[[], object], tidy: Callable[[], object]
) -> list[tuple[float, float]]:
    """Return (ours, peer) in seconds, round by round, after one round of warming up."""
    times: list[tuple[float, float]] = []
    for _ in range(ROUNDS + 1):
        times.append((_seconds(ours), _seconds(peer)))
        tidy()
    return times[1:]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _command(*sentence: object) -> None:
    subprocess.run(  # noqa: S603 - the peers' fixed command lines
        [str(term) for term in sentence], check=True, stdout=subprocess.DEVNULL
    )


def _ratio(times: list[tuple[float, float]]) -> dict[str, float]:
    """Throughput of ours over the peer's: above 1 is faster."""
    ratios = [peer / ours for ours, peer in times]
    found = {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios)}
    return {name: round(value, 3) for name, value in found.items()}


def _figures(name: str, times: list[tuple[float, float]]) -> dict[str, float]:
    ours = statistics.median(ours for ours, _ in times)
    peer = statistics.median(peer for _, peer in times)
    return {
        f"{name}, ours (MB/s)": round(SIZE / 1e6 / ours, 1),
        f"{name}, peer (MB/s)": round(SIZE / 1e6 / peer, 1),
        f"{name}, file (MB)": round(SIZE / 1e6, 1),
        f"{name}, rounds (count)": len(times),
    }


def _machine() -> dict[str, object]:
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "disk": str(_RAM_DISK),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _commands() -> dict[str, str]:
    ours = ", ".join(f"{name} {version(name)}" for name in ("httpx", "uvicorn", "blake3"))
    return {
        "upload, ours": f"transferapp.client.uploads.upload_file -> tus server ({ours})",
        "upload, peer": (
            "sha1sum FILE; curl -sSf -T FILE -o /dev/null http://127.0.0.1:PORT/received"
            f" -> python -m {_SINK} (uvicorn {version('uvicorn')}, httptools, no hash, no"
            " sync; nginx is not used)"
        ),
        "download, ours": f"transferapp.client.downloads.download_file ({ours})",
        "download, peer": "curl -sSf -o FILE URL of the same server; sha1sum FILE",
        "curl": _first_line("curl", "--version"),
        "sha1sum": _first_line("sha1sum", "--version"),
    }


def _first_line(*command: str) -> str:
    done = subprocess.run(  # noqa: S603 - the peers' fixed command lines
        command, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()[0]
