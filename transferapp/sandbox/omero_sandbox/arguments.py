"""The sandbox's command line: what is wrong with it is told before anything is made."""

from __future__ import annotations

import argparse
import itertools
import ssl
from collections.abc import Sequence
from pathlib import Path

from transferapp.errors import Invalid
from transferapp.sandbox.omero_sandbox.control_protocol import described
from transferapp.sandbox.omero_sandbox.sandbox import checked_setting

TRANSPORTS = ("tcp", "ssl", "ws", "wss")
_SECURE = ("ssl", "wss")
_HIGHEST_PORT = 65535
_DESCRIPTION = """Run an OMERO server to try things out (docs/omero-sandbox.md).

It prints one JSON line with its ports when it answers. Without --tcp, --ssl, --ws and --wss it
listens on any free port over tcp."""
_COMMANDS = """commands of the control socket, one JSON object a line, such as
{"command": "slow_step", "seconds": 2}; what is in brackets may be left out:"""
_HELP = {
    "tcp": "listen over tcp, without encryption, on this port (0: any free one)",
    "ssl": "listen over TLS, as OMERO's port 4064; needs --cert",
    "ws": "listen for WebSockets, without encryption",
    "wss": "listen for WebSockets over TLS; needs --cert",
}


def read_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Return what is stated: ``ports`` by transport, ``settings`` as a dictionary, the others
    by their names. Ends the process with a sentence and exit code 2 for what is not right.
    """
    parser = _parser()
    stated = parser.parse_args(argv)
    asked = {kind: getattr(stated, kind) for kind in TRANSPORTS}
    stated.ports = {kind: port for kind, port in asked.items() if port is not None}
    for one, other in itertools.combinations(stated.ports, 2):
        if stated.ports[one] == stated.ports[other] != 0:
            parser.error(f"--{one} and --{other} have the same port {stated.ports[one]}")
    for kind in _SECURE:
        if kind in stated.ports and not stated.cert:
            parser.error(f"--{kind} needs --cert FILE.pem: without it no client can connect")
    if stated.cert:
        _check_certificate(parser, stated.cert)
    stated.settings = dict(stated.set)
    return stated


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="transferapp omero-sandbox", description=_DESCRIPTION, epilog=_commands(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("--dir", type=Path, required=True, help="where everything is kept; made when missing")
    add(
        "--host",
        default="127.0.0.1",
        help="address of this computer to listen at (127.0.0.1: nobody else can connect)",
    )
    for kind in TRANSPORTS:
        add(f"--{kind}", type=_port, metavar="PORT", help=_HELP[kind])
    add("--cert", default="", metavar="FILE", help="PEM file of a certificate and its key")
    add("--control", type=Path, metavar="FILE", help="Unix socket for the commands below")
    add(
        "--set", action="append", default=[], type=_setting, metavar="KEY=VALUE",
        help="a server setting, as 'omero config set' has it; may be repeated",
    )  # fmt: skip
    add("--no-people", action="store_true", help="root only, as in a fresh OMERO")
    add("--verbose", action="store_true", help="log every call")
    add(
        "--password-env", default="OMERO_SANDBOX_PASSWORD", metavar="NAME",
        help="environment variable with the password of alice, bob and importer",
    )  # fmt: skip
    return parser


def _commands() -> str:
    lines = [f"  {usage}\n      {sentence}" for usage, sentence in described()]
    return "\n".join([_COMMANDS, *lines])


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no port: a number from 0 (any free one) to {_HIGHEST_PORT}"
        )
    return int(text)


def _setting(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no KEY=VALUE")
    try:
        return key, checked_setting(key, value)
    except Invalid as error:
        raise argparse.ArgumentTypeError(error.message) from error


def _check_certificate(parser: argparse.ArgumentParser, path: str) -> None:
    """Ice reads the certificate and its key from one file."""
    try:
        # Without a password nobody is asked for one.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, password=lambda: "")
    except ssl.SSLError as error:
        why = f"it must hold a certificate and its key, without password ({error.reason})"
        parser.error(f"--cert {path}: {why}")
    except OSError as error:
        parser.error(f"--cert {path}: {error.strerror}")
