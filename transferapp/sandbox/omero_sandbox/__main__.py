"""Start the sandbox: ``python -m transferapp.sandbox.omero_sandbox --dir DIR --tcp 14063``.

Prints one JSON line with its ports when it answers; port 0 means any free one.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
from contextlib import ExitStack
from functools import partial

from transferapp.errors import SettingsInvalid, TransferAppError
from transferapp.host.logging import configure_logging
from transferapp.host.supervise import SupervisedThread
from transferapp.sandbox.omero_sandbox import slices
from transferapp.sandbox.omero_sandbox.arguments import read_arguments
from transferapp.sandbox.omero_sandbox.control import Control
from transferapp.sandbox.omero_sandbox.control_socket import ControlServer
from transferapp.sandbox.omero_sandbox.folder_lock import locked
from transferapp.sandbox.omero_sandbox.sandbox import Sandbox
from transferapp.sandbox.omero_sandbox.serving import Endpoints, IceServer

_EXPIRE_EVERY_S = 1.0
#: All is on disk after each call, so nothing is lost by an end that is not orderly.
_STOP_S = 3.0
#: Exit codes, as docs/cli.md has them.
_PROBLEM, _USAGE = 1, 2


def _expire(sandbox: Sandbox, stop: threading.Event) -> None:
    while not stop.wait(_EXPIRE_EVERY_S):
        with sandbox.lock:
            sandbox.sessions.expire()
            sandbox.commit()


def _stop(server: IceServer) -> None:
    """End, whatever clients do: Ice waits for a connection that never said anything."""
    deadline = threading.Timer(_STOP_S, os._exit, (0,))
    deadline.daemon = True
    deadline.start()
    server.stop()


def main(held: ExitStack) -> int:
    """Serve until a signal; what keeps the sandbox from it is told in a sentence.

    ``held`` keeps the folder's lock: imports may write as long as the process lives.
    """
    stated = read_arguments(sys.argv[1:])
    try:
        configure_logging("omero-sandbox")
        held.enter_context(locked(stated.dir))
        _serve(stated)
    except TransferAppError as error:
        sys.stderr.write(f"{error.title}. {error.message}\n")
        return _USAGE if isinstance(error, SettingsInvalid) else _PROBLEM
    return 0


def _serve(stated: argparse.Namespace) -> None:
    calls = logging.getLogger("omero_sandbox")
    calls.setLevel(logging.DEBUG if stated.verbose else logging.WARNING)
    if not slices.SUBTYPES:
        raise SystemExit("omero-py was imported too early")
    control = ControlServer(stated.control) if stated.control else None
    try:
        server, sandbox = _server(stated)
        if control is not None:
            control.start(Control(sandbox, server.router.drop_connections))
        _run(server, sandbox)
    finally:
        if control is not None:
            control.remove()


def _server(stated: argparse.Namespace) -> tuple[IceServer, Sandbox]:
    """Open the folder, and listen."""
    sandbox = Sandbox(stated.dir, stated.settings)
    if not stated.no_people:
        sandbox.people.make_trial(os.environ.get(stated.password_env, "secret"))
    sandbox.commit()
    endpoints = Endpoints(stated.host, stated.ports or {"tcp": 0}, stated.cert)
    return IceServer(sandbox, endpoints), sandbox


def _run(server: IceServer, sandbox: Sandbox) -> None:
    """Tell the ports, and return when a signal has ended it."""
    stop = threading.Event()
    SupervisedThread("ending old sessions", partial(_expire, sandbox, stop), stop).start()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _stop(server))
    sys.stdout.write(json.dumps({"ready": True, "ports": server.ports}) + "\n")
    sys.stdout.flush()
    server.wait()
    stop.set()


if __name__ == "__main__":
    with ExitStack() as until_the_end:
        code = main(until_the_end)
        sys.stdout.flush()
        # Imports that wait for a fault to end must not hold the process back.
        os._exit(code)
