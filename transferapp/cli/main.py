"""``transferapp ...``: the processes, and the main job for scripts and servers."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Annotated

import typer

import transferapp
from transferapp.cli.lazy import CommandEntry, group_of
from transferapp.cli.log import open_log, prepare_log
from transferapp.cli.verbosity import choose_verbosity
from transferapp.errors import SettingsInvalid

#: These have command lines of their own.
_PASSED_ON = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}
COMMANDS = (
    CommandEntry("server", "processes", "server", "Run the REST server until it is stopped."),
    CommandEntry(
        "worker", "processes", "worker", "Run queued imports and exports until it is stopped."
    ),
    CommandEntry(
        "agent", "processes", "agent", "Run the workstation service until it is stopped."
    ),
    CommandEntry("desktop", "processes", "desktop", "Open the window."),
    CommandEntry(
        "demo",
        "processes",
        "demo",
        "Play the whole story on sample images in a temporary folder.",
        _PASSED_ON,
    ),
    CommandEntry(
        "omero-sandbox",
        "processes",
        "omero_sandbox",
        "Run an OMERO sandbox to try things out; see docs/omero-sandbox.md.",
        _PASSED_ON,
    ),
    CommandEntry(
        "login",
        "session",
        "login",
        "Sign in; the session lasts 30 days, the password is not kept.",
    ),
    CommandEntry(
        "logout",
        "session",
        "logout",
        "End the session here and on the server; running transfers go on.",
    ),
    CommandEntry(
        "scan",
        "scan",
        "scan",
        "Show what an import would make of files and folders. Nothing is sent.",
    ),
    CommandEntry(
        "import",
        "handing_over",
        "import_files",
        "Import files and folders; the agent uploads them, also after you log off.",
    ),
    CommandEntry(
        "export",
        "exporting",
        "export_images",
        "Export images, or all of a dataset, tag or search, into a folder, in the background.",
    ),
    CommandEntry(
        "deposit",
        "depositing",
        "deposit",
        "Make a bag (BagIt) or an RO-Crate, or both, of an export that is on this computer.",
    ),
    CommandEntry(
        "archive",
        "archive",
        "app",
        "Archives: all that a person owns, with a description: made, verified, restored.",
    ),
    CommandEntry(
        "places",
        "places",
        "places",
        "List the places that 'export --to NAME:' brings files to, with what you have there.",
    ),
    CommandEntry("transfers", "transfers", "app", "What is under way and what has ended."),
    CommandEntry(
        "receipt",
        "receipts",
        "app",
        "Receipts: signed documents of what was verified of a transfer.",
    ),
    CommandEntry(
        "attachments",
        "attachments",
        "attachments",
        "List the files that were attached to a dataset, screen or image, or save them.",
    ),
    CommandEntry(
        "preview-url",
        "previews",
        "preview_url",
        "Print an address under which napari, Fiji or vizarr open an image, for a while.",
    ),
    CommandEntry("inbox", "inbox", "app", "What came of your transfers: your notifications."),
    CommandEntry(
        "doctor", "doctor", "doctor", "Look at this installation and say what is missing."
    ),
    CommandEntry(
        "notifications", "notifications", "app", "How you are told what came of your transfers."
    ),
    CommandEntry("people", "people", "app", "People and groups of the embedded repository."),
    CommandEntry("queue", "queue", "app", "Tasks, targets and workers; for administrators."),
    CommandEntry("commands", "commands", "app", "Commands that your facility offers."),
    CommandEntry("omero", "omero", "app", "Setting up OMERO as the image repository."),
)

app = typer.Typer(
    cls=group_of(COMMANDS),
    help="Imports to and exports from image repositories, outside login.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(*, show: bool) -> None:
    if show:
        typer.echo(f"transferapp {transferapp.__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[  # noqa: ARG001 - its callback prints it
        bool,
        typer.Option("--version", help="Print the version.", callback=_version, is_eager=True),
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Tell more: log in detail, with requests.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Tell only results and what went wrong.")
    ] = False,
) -> None:
    """Take the options that all commands share; they stand before the command."""
    if verbose and quiet:
        raise typer.BadParameter("-v and -q are opposites. Give one of them.")
    if choose_verbosity(verbose=verbose, ask_for_quiet=quiet):
        open_log()


def main(program: str | None = None) -> None:
    """Run the command line; a defect is told without the values that it met.

    ``program`` is what it calls itself, by default as it was called.
    """
    if sys.argv[1:] == ["--version"]:
        app()  # Quickly: what is imported below takes longer.
    # httpx brings a command line of its own, with rich and pygments, and does without it.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # as Python has it
    try:
        prepare_log()
        app(prog_name=program)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told and ends this
        from transferapp.host.logging import log_the_end  # noqa: PLC0415 - seldom

        with suppress(SettingsInvalid):  # Told in a moment: it is ``error``.
            open_log()
        log_the_end(error)
        sys.exit(1)
