"""Measure conversions against other people's programs, side by side in one run.

Every converter first converts a piece; those that are near the best then convert the whole
image (or all small ones) in turn with ours, A B A B. Throughput is of the source's pixels.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from transferapp.sandbox.bench.export.peers import BIO_FORMATS, PEERS, NotRun, Peer, PeerRuns
from transferapp.sandbox.bench.export.sources import (
    SMALL_EDGE,
    image_bytes,
    write_pyramid_source,
    write_small_sources,
)
from transferapp.sandbox.bench.export.workers import WorkerBench, originals

_CONVERTING = "transferapp.sandbox.bench.export.converting"
_FORMS = ("zarr", "tiff")
_OURS, _PLAIN = "ours", "plain script"
_CODECS = {"zarr": "blosc zstd 1 bitshuffle, shards of 2,048, chunks of 512",
           "tiff": "deflate 1 with differences of neighbours, tiles of 512"}  # fmt: skip
#: A peer that is slower than this share of the best one on the piece is not run on the whole.
_NEAR = 0.6


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is converted: edges in pixels of three channels of uint16, and counts."""

    edge: int
    piece_edge: int
    small: int
    small_piece: int
    worker_edge: int
    portion_pixels: int
    rounds: int
    limit_s: float


#: 4 GB and 500 images; half an hour.
FULL = Sizes(26_000, 6_000, 500, 20, 18_000, 1 << 26, 3, 180.0)
#: To try it.
QUICK = Sizes(6_000, 2_500, 40, 3, 6_000, 1 << 22, 3, 120.0)


@dataclass
class _Report:
    figures: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, dict[str, float]] = field(default_factory=dict)
    #: What peers said that could not be run, by name.
    said: dict[str, str] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)


def run(out: Path, sizes: Sizes = FULL) -> None:
    """Measure and write the JSON object to ``out``; about half an hour for FULL."""
    began = time.monotonic()
    report = _Report()
    with tempfile.TemporaryDirectory(prefix="transferapp-bench-") as name:
        folder = Path(name)
        large = [write_pyramid_source(folder / "large.ome.tif", sizes.edge)]
        piece = [write_pyramid_source(folder / "piece.ome.tif", sizes.piece_edge)]
        small = write_small_sources(folder / "small", sizes.small)
        bench = ExportBench(folder, sizes, report)
        for form in _FORMS:
            bench.compare(form, "pyramid", piece, large, sizes.edge)
            bench.compare(form, "many", small[: sizes.small_piece], small, SMALL_EDGE)
        bench.bio_formats(piece)
        bench.verified(large, sizes.edge)
        report.ratios["originals_vs_cp"] = _spread(originals(folder, piece[0], 5))
        large[0].unlink()
        workers = write_pyramid_source(folder / "workers.ome.tif", sizes.worker_edge)
        found, figures = WorkerBench(folder, sizes.portion_pixels).two_over_one(
            workers, sizes.rounds
        )
        report.ratios["two_workers_vs_one"] = _spread(found)
        report.figures |= figures
    report.figures["minutes"] = round((time.monotonic() - began) / 60, 1)
    out.write_text(json.dumps(_as_object(report, sizes), indent=2) + "\n")


class ExportBench:
    """Converts below a folder, and notes what it takes."""

    def __init__(self, folder: Path, sizes: Sizes, report: _Report) -> None:
        """Write into ``folder`` and ``report``."""
        self._folder = folder
        self._sizes = sizes
        self._report = report
        self._peers = PeerRuns(folder, sizes.limit_s)

    def compare(
        self, form: str, kind: str, piece: Sequence[Path], whole: Sequence[Path], edge: int
    ) -> None:
        """Find the best peer on the piece, and set ours beside it on the whole."""
        piece_edge = self._sizes.piece_edge if kind == "pyramid" else SMALL_EDGE
        self._own(_OURS, form, piece)  # to warm up
        name = f"ome_{form}_{kind}"
        tried = {_PLAIN: self._speed(piece, piece_edge, lambda: self._own(_PLAIN, form, piece))}
        for peer in (one for one in PEERS if one.form == form):
            speed = self._tried(peer, kind, piece, piece_edge)
            if speed:
                tried[peer.name] = speed
        ours = self._speed(piece, piece_edge, lambda: self._own(_OURS, form, piece))
        for who, speed in {_OURS: ours, **tried}.items():
            self._report.figures[f"{name}_piece, {who} (MB/s)"] = round(speed, 1)
        near = [who for who, speed in tried.items() if speed >= _NEAR * max(tried.values())]
        self._side_by_side(name, form, near, whole, edge)

    def bio_formats(self, piece: Sequence[Path]) -> None:
        """Set ours beside Bio-Formats on the piece."""
        edge = self._sizes.piece_edge
        found = []
        for _ in range(2):
            ours = self._speed(piece, edge, lambda: self._own(_OURS, "tiff", piece))
            theirs = self._tried(BIO_FORMATS, "pyramid", piece, edge)
            if theirs:
                found.append(ours / theirs)
        if found:
            self._report.ratios["ome_tiff_vs_bioformats"] = _spread(found)

    def verified(self, whole: Sequence[Path], edge: int) -> None:
        """Note how fast ours is with reading back, as a worker does it."""
        for form in _FORMS:
            speed = self._speed(whole, edge, partial(self._own, "verified", form, whole))
            self._report.figures[f"ome_{form}_pyramid, ours and read back (MB/s)"] = round(
                speed, 1
            )

    def _side_by_side(
        self, name: str, form: str, rivals: list[str], whole: Sequence[Path], edge: int
    ) -> None:
        """Convert the whole in turn; the ratio of a round is to the best peer of it."""
        by_name = {peer.name: peer for peer in PEERS}
        speeds: dict[str, list[float]] = {who: [] for who in (_OURS, *rivals)}
        ratios = []
        for _ in range(self._sizes.rounds):
            one = {_OURS: self._speed(whole, edge, lambda: self._own(_OURS, form, whole))}
            for who in list(speeds)[1:]:
                if who == _PLAIN:
                    one[who] = self._speed(whole, edge, lambda: self._own(_PLAIN, form, whole))
                elif speed := self._tried(by_name[who], name, whole, edge):
                    one[who] = speed
            self._report.loads.append(round(os.getloadavg()[0], 1))
            for who, speed in one.items():
                speeds[who].append(speed)
            ratios.append(one[_OURS] / max(speed for who, speed in one.items() if who != _OURS))
        self._report.ratios[f"{name}_vs_best"] = _spread(ratios)
        for who, found in speeds.items():
            if found:
                self._report.figures[f"{name}, {who} (MB/s)"] = round(
                    statistics.median(found), 1
                )

    def _tried(self, peer: Peer, kind: str, sources: Sequence[Path], edge: int) -> float:
        """Return a peer's MB/s; 0 when it cannot be run, and what it said is noted."""
        try:
            seconds, command = self._peers.seconds(peer, sources)
        except NotRun as error:
            self._report.said[f"{peer.name}, {kind}, {len(sources)} of {edge}"] = str(error)
            return 0.0
        finally:
            self._tidy()
        self._report.commands[peer.name] = command.replace(str(self._folder), "FOLDER")
        return len(sources) * image_bytes(edge) / 1e6 / seconds

    def _speed(self, sources: Sequence[Path], edge: int, convert: Callable[[], float]) -> float:
        return len(sources) * image_bytes(edge) / 1e6 / convert()

    def _own(self, who: str, form: str, sources: Sequence[Path]) -> float:
        """Convert by our code or the plain script; returns the seconds of converting."""
        what = {_OURS: f"ours-{form}", _PLAIN: f"plain-{form}"}.get(
            who, f"ours-{form}-verified"
        )
        out = self._folder / "out"
        command = [sys.executable, "-m", _CONVERTING, what, str(out), *map(str, sources)]
        try:
            done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        finally:
            self._tidy()
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return found["seconds"]

    def _tidy(self) -> None:
        """Leave nothing to write behind for the next one's turn."""
        for path in self._folder.iterdir():
            if path.is_dir() and path.name not in {"small", ".cache"}:
                shutil.rmtree(path, ignore_errors=True)
        os.sync()


def _spread(found: Sequence[float]) -> dict[str, float]:
    named = {"median": statistics.median(found), "min": min(found), "max": max(found)}
    return {name: round(value, 3) for name, value in named.items()}


def _as_object(report: _Report, sizes: Sizes) -> dict[str, Any]:
    ours = ", ".join(
        f"{n} {version(n)}" for n in ("zarr", "numcodecs", "tifffile", "imagecodecs")
    )
    return {
        "bench": "export",
        "ratios": report.ratios,
        "figures": report.figures,
        "peers": {
            "codecs": {**{f"ours and plain, {k}": v for k, v in _CODECS.items()},
                       **{peer.name: peer.codec for peer in PEERS}},
            "versions": {peer.name: list(peer.packages) for peer in PEERS if peer.packages},
            "not run": report.said,
        },
        "machine": {
            "system": platform.platform(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_average": [round(load, 2) for load in os.getloadavg()],
            "load_in_rounds": report.loads,
        },
        "commands": {
            "ours": f"python -m {_CONVERTING} ours-FORM OUT SOURCE... ({ours}): written, not"
            " read back; the source is mapped into memory, as the plain script's",
            "plain script": f"python -m {_CONVERTING} plain-FORM OUT SOURCE...",
            "two_workers_vs_one": "transferapp server and worker(s), embedded repository:"
            " seconds from asking for OME-Zarr until it is ready, verified and hashed; each"
            " worker with one conversion of one thread, and a core of its own",
            "originals_vs_cp": "the file read through the embedded repository's port as its"
            " person and written to a RAM disk, over cp SOURCE TARGET",
            "sizes": f"pyramid: 3 x {sizes.edge} x {sizes.edge} uint16; piece:"
            f" {sizes.piece_edge}; many: {sizes.small} of 3 x {SMALL_EDGE} x {SMALL_EDGE},"
            f" piece: {sizes.small_piece}; workers: {sizes.worker_edge}. Other programs'"
            " seconds are of whole processes, with their start",
            **report.commands,
        },
    }  # fmt: skip
