"""Hosts in network namespaces of their own, around one switch, whose links can be cut.

Nothing of this machine's own network is touched: the switch has a namespace too. Links
are pairs of virtual interfaces, or go through ``chaos_slow_link.py``: kernels without
netem are common, and packets must come late and get lost all the same.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

#: The switch's address; a database listens there.
ADDRESS = "10.11.0.1"
_NAME = re.compile(r"^ta(\d+)-")
_RENAMED = 'hostname "$0" && exec "$@"'
_GOOD_BYES = "/proc/sys/net/ipv4/tcp_orphan_retries"
_SLOW_LINK = Path(__file__).with_name("chaos_slow_link.py")


class NoNamespaces(Exception):
    """This account or kernel makes no network namespaces; says why."""


class Network:
    """A switch and ``hosts``, of which those in ``slow`` have a slow and lossy link."""

    def __init__(self, hosts: int, slow: frozenset[int] = frozenset()) -> None:
        """Name them after this process, so that what a killed one left can be told."""
        self._hosts = hosts
        self.slow = slow
        self._switch = f"ta{os.getpid()}-switch"
        self._forwarders: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        """Build it; raises NoNamespaces."""
        if shutil.which("ip") is None:
            raise NoNamespaces("there is no 'ip' (Debian: apt install iproute2)")
        _remove_left_behind()
        try:
            self._build()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove it, however the test ended; its processes have to be gone by then."""
        self._remove()

    def at_switch(self) -> list[str]:
        """Return what a command is prefixed with to run beside the switch."""
        return ["ip", "netns", "exec", self._switch]

    def at(self, host: int) -> list[str]:
        """Return what a command is prefixed with to run on a host, as the same process.

        The host has a name of its own: to the others its processes are out of sight.
        """
        inside = ["unshare", "--uts", "sh", "-c", _RENAMED, f"host-{host}"]
        return ["ip", "netns", "exec", self._name(host), *inside]

    def cut(self, host: int) -> None:
        """Let all packets vanish, without a word to either side."""
        self._port(host, "nomaster")

    def unplug(self, host: int) -> None:
        """Pull the cable: both sides' kernels see that the link is down."""
        self._port(host, "down")

    def mend(self, host: int) -> None:
        """Undo a cut, or plug the cable in again."""
        self._port(host, "master", "switch", "up")

    def _build(self) -> None:
        _ip("netns", "add", self._switch)
        self._in_switch("link", "add", "switch", "type", "bridge")
        self._in_switch("addr", "add", f"{ADDRESS}/24", "dev", "switch")
        self._in_switch("link", "set", "switch", "up")
        self._in_switch("link", "set", "lo", "up")
        # A database that crashes behind a cut is as gone as a machine without power: its
        # kernel does not go on saying good-bye until the link is back.
        _run(*self.at_switch(), "sh", "-c", f"echo 1 > {_GOOD_BYES}")
        for host in range(self._hosts):
            self._add(host)

    def _add(self, host: int) -> None:
        name, port = self._name(host), f"port{host}"
        _ip("netns", "add", name)
        if host in self.slow:
            self._forwarder(port, f"far{host}")
            self._in_switch("link", "set", f"far{host}", "netns", name, "name", "eth0")
        else:
            peer = ["peer", "name", "eth0", "netns", name]
            self._in_switch("link", "add", port, "type", "veth", *peer)
        self.mend(host)
        _ip("-n", name, "addr", "add", f"10.11.0.{host + 2}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")
        _ip("-n", name, "link", "set", "lo", "up")

    def _forwarder(self, near: str, far: str) -> None:
        command = [*self.at_switch(), sys.executable, str(_SLOW_LINK), near, far]
        forwarder = subprocess.Popen(command, stdout=subprocess.PIPE)
        self._forwarders.append(forwarder)
        assert forwarder.stdout is not None
        if forwarder.stdout.readline() != b"ready\n":
            raise NoNamespaces("there are no TAP devices (/dev/net/tun)")

    def _name(self, host: int) -> str:
        return f"ta{os.getpid()}-host{host}"

    def _port(self, host: int, *change: str) -> None:
        self._in_switch("link", "set", f"port{host}", *change)

    def _in_switch(self, *arguments: str) -> None:
        _ip("-n", self._switch, *arguments)

    def _remove(self) -> None:
        for forwarder in self._forwarders:
            forwarder.kill()
            forwarder.communicate()
        for name in (self._switch, *(self._name(host) for host in range(self._hosts))):
            with suppress(NoNamespaces):
                _ip("netns", "delete", name)


def _remove_left_behind() -> None:
    listed = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=False)
    for line in listed.stdout.splitlines():
        found = _NAME.match(line)
        if found and not psutil.pid_exists(int(found[1])):
            with suppress(NoNamespaces):  # somebody else was faster
                _ip("netns", "delete", line.split()[0])


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoNamespaces(f"'{' '.join(command)}' says: {done.stderr.strip()}")
