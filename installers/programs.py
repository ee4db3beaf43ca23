"""Every program that TransferApp, its tests or its set-up start, and the Debian package of it.

``bootstrap.py`` installs by this list; ``tests/architecture/test_programs.py`` finds what the
code starts and holds the list against it. Standard library only, and an old one: what runs
on a Python that is too old has to say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Need(Enum):
    """Who needs it."""

    BASE = "what every Debian has: essential, nothing is installed for it"
    WINDOW = "the desktop on a screen"
    HEADLESS = "the demo without a screen, and the tests of windows"
    SANDBOX = "the demo and the tests on the OMERO sandbox"
    TEST = "the tests and benchmarks"
    BUILD = "a zeroc-ice wheel that has to be compiled"
    ORACLE = "Bio-Formats: the tests through it, and the comparison with it (-m oracle)"
    OPTIONAL = "a convenience: what needs it says so, or leaves it out"


@dataclass(frozen=True)
class Program:
    """A program by its name on the PATH."""

    name: str
    package: str
    need: Need


PROGRAMS = (
    Program("apt-get", "apt", Need.BASE),
    Program("bash", "bash", Need.BASE),
    Program("cat", "coreutils", Need.BASE),
    Program("chmod", "coreutils", Need.BASE),
    Program("chromedriver", "chromium-driver", Need.OPTIONAL),
    Program("chromium", "chromium", Need.OPTIONAL),
    Program("cp", "coreutils", Need.BASE),
    Program("curl", "curl", Need.TEST),
    Program("dbus-daemon", "dbus-daemon", Need.HEADLESS),
    Program("dbus-monitor", "dbus-bin", Need.HEADLESS),
    Program("dpkg-query", "dpkg", Need.BASE),
    Program("dunst", "dunst", Need.HEADLESS),
    Program("env", "coreutils", Need.BASE),
    Program("g++", "build-essential", Need.BUILD),
    Program("git", "git", Need.TEST),
    Program("gnome-keyring-daemon", "gnome-keyring", Need.HEADLESS),
    Program("git", "git", Need.OPTIONAL),
    Program("head", "coreutils", Need.BASE),
    Program("hostname", "hostname", Need.BASE),
    Program("initdb", "postgresql", Need.TEST),
    Program("ip", "iproute2", Need.TEST),
    Program("java", "default-jdk-headless", Need.ORACLE),
    Program("ldconfig", "libc-bin", Need.BASE),
    Program("ls", "coreutils", Need.BASE),
    Program("man", "man-db", Need.OPTIONAL),
    Program("mkdir", "coreutils", Need.BASE),
    Program("mount", "mount", Need.TEST),
    Program("nice", "coreutils", Need.BASE),
    Program("node", "nodejs", Need.OPTIONAL),
    Program("npm", "npm", Need.OPTIONAL),
    Program("openbox", "openbox", Need.HEADLESS),
    Program("openssl", "openssl", Need.SANDBOX),
    Program("pg_ctl", "postgresql", Need.TEST),
    Program("pg_dump", "postgresql", Need.TEST),
    Program("ps", "procps", Need.TEST),
    Program("seq", "coreutils", Need.BASE),
    Program("setpriv", "util-linux", Need.BASE),
    Program("setsid", "util-linux", Need.BASE),
    Program("sh", "dash", Need.BASE),
    Program("sha1sum", "coreutils", Need.BASE),
    Program("sleep", "coreutils", Need.BASE),
    Program("stat", "coreutils", Need.BASE),
    Program("touch", "coreutils", Need.BASE),
    Program("tr", "coreutils", Need.BASE),
    Program("umount", "mount", Need.TEST),
    Program("unshare", "util-linux", Need.BASE),
    Program("xdg-open", "xdg-utils", Need.OPTIONAL),
    Program("Xvfb", "xvfb", Need.HEADLESS),
    Program("yes", "coreutils", Need.BASE),
)

#: Packages that are no programs: what Qt needs to open a window on Debian 12 (found by
#: trial in an empty chroot), fonts, the headers of a build.
LIBRARIES = {
    Need.WINDOW: (
        "libglib2.0-0", "libdbus-1-3", "libgl1", "libegl1", "libfontconfig1",
        "libxkbcommon-x11-0", "libxcb-cursor0", "libxcb-icccm4", "libxcb-keysyms1",
        "libxcb-shape0",
    ),
    Need.HEADLESS: ("xauth", "fonts-dejavu-core", "fonts-noto-color-emoji"),
    Need.BUILD: ("libssl-dev", "libbz2-dev"),
}  # fmt: skip


def packages(*needs: Need) -> tuple[str, ...]:
    """Return the Debian packages of these needs, each once."""
    found = [program.package for need in needs for program in PROGRAMS if program.need is need]
    found += [name for need in needs for name in LIBRARIES.get(need, ())]
    return tuple(dict.fromkeys(found))
