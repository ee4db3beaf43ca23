"""Other people's converters: each pinned, in an environment that the bench makes once.

What cannot be made or run here says so in the report; nothing is left out in silence.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from transferapp.sandbox.bench.export.sources import SMALL_EDGE
from transferapp.sandbox.bench.export.workers import USERNAME, import_into
from transferapp.sandbox.installation_repositories import running_sandbox
from transferapp.sandbox.omero_sandbox.fixture import PASSWORD

#: Where a wheel of zeroc-ice may be; ``bootstrap.py bench`` names its own.
WHEELS_VARIABLE = "TRANSFERAPP_WHEELHOUSE"
JAR_VARIABLE = "TRANSFERAPP_BIOFORMATS_JAR"
_JAR = Path.home() / ".cache" / "transferapp" / "bioformats" / "bioformats_package-7.3.1.jar"
_OMERO = "import sys; from omero.cli import argv; sys.exit(argv(['omero', *sys.argv[1:]]))"
_LAST_WORDS = 300


class NotRun(Exception):
    """A peer could not be run; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A converter: what it is called in the report, what it writes and with which codec."""

    name: str
    form: str
    codec: str
    packages: tuple[str, ...] = ()


EUBI = Peer(
    "eubi-bridge-lite",
    "zarr",
    "blosc zstd 1 bitshuffle, shards of 2,048, chunks of 512",
    ("eubi-bridge-lite==0.3.2",),
)
NGFF = Peer(
    "ngff-zarr",
    "zarr",
    "blosc zstd 1 with byte shuffle (no bitshuffle is offered), chunks of 512, no shards",
    ("ngff-zarr[cli]==0.50.0",),
)
OMERO = Peer(
    "omero-cli-zarr",
    "zarr",
    "its own (none can be chosen): zarr v2, through the API of the sandbox",
    ("omero-cli-zarr==0.9.0", "omero-py==5.23.0"),
)
BIO_FORMATS = Peer(
    "bio-formats", "tiff", "zlib at its own level, tiles of 512, no predictor (7.3.1)"
)
PEERS = (EUBI, NGFF, OMERO, BIO_FORMATS)


class PeerRuns:
    """Runs peers below a folder; each run takes at most ``limit_s``."""

    def __init__(self, folder: Path, limit_s: float) -> None:
        """Write what they make into ``folder``."""
        self._folder = folder
        self._limit_s = limit_s

    def seconds(self, peer: Peer, sources: Sequence[Path]) -> tuple[float, str]:
        """Convert images, and return the seconds of whole processes and the command; raises
        NotRun.
        """
        out = self._folder / uuid.uuid4().hex
        out.mkdir()
        if peer is OMERO:
            return self._omero(peer, sources, out)
        if peer is EUBI:
            folder = self._linked(sources)
            python = _environment(peer)
            return self._timed([[str(python.parent / "eubi"), *_eubi(folder, out)]])
        if peer is NGFF:
            program = str(_environment(peer).parent / "ngff-zarr")
            return self._timed([[program, *_ngff(path, out)] for path in sources])
        return self._timed([_bfconvert(path, out) for path in sources])

    def _timed(self, commands: Sequence[Sequence[str]]) -> tuple[float, str]:
        began = time.perf_counter()
        for command in commands:
            self._run(command, self._limit_s - (time.perf_counter() - began))
        return time.perf_counter() - began, " ".join(commands[0])

    def _run(self, command: Sequence[str], limit_s: float, **more: str) -> str:
        environment = _apart(HOME=str(self._folder), **more)
        try:
            done = subprocess.run(  # noqa: S603 - the peers' fixed command lines
                [*command], env=environment, capture_output=True, text=True, check=False,
                timeout=max(1.0, limit_s), cwd=self._folder,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise NotRun(f"stopped: it took more than {self._limit_s:.0f} s") from None
        except OSError as error:
            raise NotRun(str(error)) from None
        if done.returncode != 0:
            raise NotRun((done.stderr or done.stdout).strip()[-_LAST_WORDS:])
        return done.stdout

    def _linked(self, sources: Sequence[Path]) -> Path:
        """Return a folder with nothing but these, as links."""
        folder = self._folder / uuid.uuid4().hex
        folder.mkdir()
        for path in sources:
            (folder / path.name).symlink_to(path)
        return folder

    def _omero(self, peer: Peer, sources: Sequence[Path], out: Path) -> tuple[float, str]:
        """Export from a sandbox that holds the images; only exports are timed."""
        python = str(_environment(peer))
        secret = {"OMERO_SESSIONDIR": str(self._folder / "sessions")}
        with running_sandbox(self._folder / uuid.uuid4().hex, PASSWORD) as repository:
            ids = asyncio.run(import_into(repository.open(), sources))
            address = repository.sandbox.url("ssl")
            login = ("login", "-s", address, "-u", USERNAME, "-w", PASSWORD)
            self._run([python, "-c", _OMERO, *login], self._limit_s, **secret)
            began = time.perf_counter()
            for image_id in ids:
                asked = ("zarr", "--output", str(out), "export", f"Image:{image_id}")
                left = self._limit_s - (time.perf_counter() - began)
                self._run([python, "-c", _OMERO, *asked], left, **secret)
            return time.perf_counter() - began, "omero zarr --output OUT export Image:ID"


def _eubi(folder: Path, out: Path) -> list[str]:
    return [
        "to_zarr", str(folder), f"--output_path={out}", "--zarr_format=3", "--auto_chunk=False",
        "--y_chunk=512", "--x_chunk=512", "--y_shard_coef=4", "--x_shard_coef=4",
        "--compressor=blosc", "--compressor_params={cname:zstd,clevel:1,shuffle:2}",
        "--min_dimension_size=256",
        f"--max_processes={os.cpu_count()}", "--downscale_method=mean",
    ]  # fmt: skip


def _ngff(path: Path, out: Path) -> list[str]:
    return [
        "-q", "-i", str(path), "-o", str(out / f"{path.name}.ome.zarr"), "--no-omero",
        "--ome-zarr-version", "0.5", "-m", "dask_bin_shrink", "-c", "1", "512", "512",
        "--codec", "blosc:zstd", "--compression-level", "1", "--input-backend", "tifffile",
    ]  # fmt: skip


def _bfconvert(path: Path, out: Path) -> list[str]:
    jar = Path(os.environ.get(JAR_VARIABLE) or _JAR)
    if not jar.is_file():
        raise NotRun("there is no jar: run python3 installers/bioformats_jar.py")
    levels = 1
    edge = _edge_of(path)
    while edge > SMALL_EDGE:
        levels, edge = levels + 1, (edge + 1) // 2
    return [
        "java", "-Xmx2g", "-cp", str(jar), "loci.formats.tools.ImageConverter", "-no-upgrade",
        "-bigtiff", "-compression", "zlib", "-tilex", "512", "-tiley", "512",
        "-pyramid-resolutions", str(levels), "-pyramid-scale", "2",
        str(path), str(out / f"{path.name}.ome.tiff"),
    ]  # fmt: skip


def _edge_of(path: Path) -> int:
    import tifffile  # noqa: PLC0415 - only here

    with tifffile.TiffFile(path) as file:
        return max(file.pages[0].shape)


def _environment(peer: Peer) -> Path:
    """Return the Python of a peer's environment; made once and kept. Raises NotRun."""
    key = hashlib.sha256(json.dumps([peer.packages, sys.version]).encode()).hexdigest()[:12]
    folder = platformdirs.user_cache_path("transferapp") / "bench" / f"{peer.name}-{key}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if ready.exists():
        return python
    wheels = os.environ.get(WHEELS_VARIABLE)
    links = ["--find-links", wheels] if wheels else []
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "-q", *links, *peer.packages],
    ):
        done = subprocess.run(  # noqa: S603 - pinned packages
            command, env=_apart(), capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise NotRun(f"not installed: {done.stderr.strip()[-_LAST_WORDS:]}")
    ready.touch()
    return python


def _apart(**more: str) -> dict[str, str]:
    """Return an environment without our own packages."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return {**kept, **more}
