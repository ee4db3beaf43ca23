#!/usr/bin/env python3
"""Find or build the zeroc-ice wheel that omero-py needs: PyPI has its sources only.

``ensure_wheel(python, cache)`` returns a wheel for that Python. It looks into the folder of
the environment variable ``TRANSFERAPP_WHEELHOUSE``, into ``../shared/wheels`` beside the
repository, and into the cache; else it compiles (about 7 minutes) and fills the cache.
Standard library only: ``bootstrap.py`` uses it before anything is installed.

    python3 installers/ice_wheel.py [PYTHON]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import programs

VERSION = "3.6.5"
#: What the compiler needs on Debian and Ubuntu.
DEBIAN_PACKAGES = programs.packages(programs.Need.BUILD)
ROOT = Path(__file__).resolve().parent.parent
USUAL_CACHE = Path.home() / ".cache" / "transferapp" / "wheels"
ELSEWHERE = (
    "Ready wheels for Linux, macOS and Windows: https://www.glencoesoftware.com/blog/ (search"
    " 'zeroc-ice wheels'), or `conda install -c conda-forge zeroc-ice=3.6`. Put the wheel into"
    " a folder and set TRANSFERAPP_WHEELHOUSE to it."
)

_PROGRESS_EVERY_S = 10.0
_LOG_TAIL_LINES = 15
#: Ice 3.6 includes <eval.h>, which Python no longer ships.
_EVAL_H = "#include <Python.h>\n"
#: Included before every source. Ice's own preprocessor is plain C: leave that alone.
_SHIM_H = """\
#ifdef __cplusplus
#include <Python.h>
#if PY_VERSION_HEX >= 0x030B0000
/* PyThreadState lost its member "frame" in 3.11. */
struct IcePyThreadState { PyFrameObject* frame; };
static inline IcePyThreadState* icePyThreadState()
{
    static thread_local IcePyThreadState state;
    state.frame = PyEval_GetFrame();
    return &state;
}
#undef PyThreadState_GET
#define PyThreadState_GET() icePyThreadState()
#endif
#if PY_VERSION_HEX >= 0x030D0000
/* Gone in 3.13. */
#undef PyEval_CallObject
#define PyEval_CallObject(callable, args) PyObject_CallObject(callable, args)
static inline int PyObject_AsReadBuffer(PyObject* o, const void** data, Py_ssize_t* size)
{
    Py_buffer view;
    if(PyObject_GetBuffer(o, &view, PyBUF_SIMPLE) != 0)
    {
        return -1;
    }
    *data = view.buf;
    *size = view.len;
    PyBuffer_Release(&view);
    return 0;
}
#endif
#endif
"""


class WheelNotBuilt(Exception):
    """There is no wheel and none could be made; the message says what to do."""


@dataclass(frozen=True)
class Target:
    """The Python that the wheel is for: ``cp311`` and ``linux-x86_64``."""

    tag: str
    platform: str

    def fits(self, wheel: Path) -> bool:
        """Say whether a wheel's file name is of our version, this Python and platform."""
        parts = wheel.stem.split("-")
        if len(parts) != 5 or parts[:3] != ["zeroc_ice", VERSION, self.tag]:
            return False
        system, _, machine = self.platform.rpartition("-")
        # "manylinux_2_28_x86_64" serves "linux-x86_64"; macOS versions vary likewise.
        text = system.split("-")[0].replace("-", "_")
        return text in parts[4] and parts[4].endswith(machine.replace("-", "_"))


def show(text: str) -> None:
    """Print a line of progress at once."""
    print(f"[zeroc-ice] {text}", flush=True)


def target_of(python: Path) -> Target:
    """Ask a Python what it is."""
    asked = (
        "import json, sys, sysconfig;"
        "print(json.dumps(['cp%d%d' % sys.version_info[:2], sysconfig.get_platform()]))"
    )
    done = subprocess.run(
        [str(python), "-c", asked], capture_output=True, text=True, check=True
    )
    return Target(*json.loads(done.stdout))


def folders(cache: Path) -> list[Path]:
    """Return where ready wheels may be, the first one first."""
    wheelhouse = os.environ.get("TRANSFERAPP_WHEELHOUSE")
    shared = ROOT.parent / "shared" / "wheels"
    return [*([Path(wheelhouse)] if wheelhouse else []), shared, cache]


def find_wheel(target: Target, places: list[Path]) -> Path | None:
    """Return the first wheel that fits."""
    for folder in places:
        fitting = sorted(w for w in folder.glob("zeroc_ice-*.whl") if target.fits(w))
        if fitting:
            return fitting[-1]
    return None


def missing_parts() -> list[str]:
    """Return which Debian packages are missing for a build, as far as one can see."""
    from shutil import which  # noqa: PLC0415

    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    include = [
        Path("/usr/include"),
        Path("/usr/include") / multiarch,
        Path("/usr/local/include"),
    ]
    found = {
        "build-essential": which("g++") is not None,
        "libssl-dev": any((folder / "openssl/ssl.h").exists() for folder in include),
        "libbz2-dev": any((folder / "bzlib.h").exists() for folder in include),
    }
    return [name for name in DEBIAN_PACKAGES if not found[name]]


def write_shim(folder: Path) -> dict[str, str]:
    """Write the headers; return the environment that makes the compiler use them."""
    (folder / "eval.h").write_text(_EVAL_H, encoding="ascii")
    shim = folder / "icepy_shim.h"
    shim.write_text(_SHIM_H, encoding="ascii")
    return {
        "CPPFLAGS": f"-I{folder} -include {shim}",
        "CFLAGS": "-g0 -O2",
        "LDFLAGS": "-s",
    }


def build_wheel(python: Path, cache: Path) -> Path:
    """Compile the wheel into ``cache``; raises WheelNotBuilt."""
    if not sys.platform.startswith("linux"):
        raise WheelNotBuilt(f"zeroc-ice is compiled on Linux only. {ELSEWHERE}")
    missing = missing_parts()
    if missing:
        raise WheelNotBuilt(
            "zeroc-ice cannot be compiled yet. On Debian or Ubuntu:"
            f" apt-get install -y {' '.join(missing)}\n{ELSEWHERE}"
        )
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="building-", dir=cache) as name:
        folder = Path(name)
        environment = {**os.environ, **write_shim(folder)}
        command = [
            str(python), "-m", "pip", "wheel", "--no-deps", "--no-binary", "zeroc-ice",
            "--no-cache-dir", "--wheel-dir", str(folder / "wheel"), f"zeroc-ice=={VERSION}",
        ]  # fmt: skip
        _compile(command, environment, cache / "zeroc-ice-build.log")
        made = next((folder / "wheel").glob("zeroc_ice-*.whl"))
        # The move is whole or not at all: a second build at the same time does no harm.
        return made.replace(cache / made.name)


def _compile(command: list[str], environment: dict[str, str], log: Path) -> None:
    show(f"Compiling zeroc-ice {VERSION}, about 7 minutes; the log is {log}")
    began = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        try:
            while process.poll() is None:
                try:
                    process.wait(_PROGRESS_EVERY_S)
                except subprocess.TimeoutExpired:
                    show(f"still compiling, {time.monotonic() - began:.0f} s")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode != 0:
        tail = log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
        raise WheelNotBuilt(
            "zeroc-ice did not compile. The end of " + f"{log}:\n" + "\n".join(tail)
            + f"\n{ELSEWHERE}"
        )  # fmt: skip
    show(f"Compiled in {time.monotonic() - began:.0f} s")


def ensure_wheel(python: Path, cache: Path = USUAL_CACHE) -> Path:
    """Return a zeroc-ice wheel for ``python``, found or built; raises WheelNotBuilt."""
    ready = find_wheel(target_of(python), folders(cache))
    if ready is not None:
        show(f"Using {ready}")
        return ready
    return build_wheel(python, cache)


if __name__ == "__main__":
    print(ensure_wheel(Path(sys.argv[1] if len(sys.argv) > 1 else sys.executable)))
