"""Help an OMERO administrator to make the account that acts for people."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from transferapp.cli.output import command
from transferapp.errors import Invalid

#: All privileges of OMERO 5.6 but Sudo.
_TAKEN_AWAY = (
    "Chgrp", "Chown", "DeleteFile", "DeleteManagedRepo", "DeleteOwned", "DeleteScriptRepo",
    "ModifyGroup", "ModifyGroupMembership", "ModifyUser", "ReadSession", "WriteFile",
    "WriteManagedRepo", "WriteOwned", "WriteScriptRepo",
)  # fmt: skip

app = typer.Typer(help="Setting up OMERO as the image repository.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Setting up OMERO as the image repository."""


@app.command("grant-importer")
@command
def grant_importer(
    name: Annotated[str, typer.Option(help="The account's name.")] = "transferapp-importer",
    host: Annotated[str, typer.Option(help="The OMERO server.")] = "omero.example.org",
    port: Annotated[int, typer.Option(help="Its port.")] = 4064,
    admin: Annotated[str, typer.Option(help="Who runs the commands.")] = "root",
) -> None:
    """Print the omero commands that make a restricted administrator with only Sudo.

    Nothing is run: an OMERO administrator looks at the commands and runs them.
    """
    if not name.strip():
        raise Invalid("Give the account a name.")
    typer.echo("\n".join(_steps(name.strip(), host, port, admin)))


def _steps(name: str, host: str, port: int, admin: str) -> list[str]:
    quoted, group = shlex.quote(name), shlex.quote(f"{name}-home")
    taken = " ".join(_TAKEN_AWAY)
    return [
        f"# As an OMERO administrator; the passwords of {admin} and of the new account are",
        "# asked for, so that none is ever on a command line.",
        f"omero login {shlex.quote(f'{admin}@{host}:{port}')}",
        f"omero group add {group} --type private",
        f"omero user add {quoted} TransferApp Importer --group-name {group}",
        "# Privileges are taken away first and 'system' is joined last: the account is never",
        "# a full administrator, not even for a moment.",
        f"IMPORTER=$(omero user info --user-name {quoted} --style plain | cut -d, -f1)",
        'echo "id: $IMPORTER"   # look: it must be the number of the new account',
        f"for privilege in {taken}; do",
        '  omero obj map-set "Experimenter:$IMPORTER" config "AdminPrivilege:$privilege" false',
        "done",
        f"omero user joingroup --name {quoted} --group-name system",
        "# Check: OMERO.web > Admin > Users shows it as 'Administrator with restricted",
        "# privileges' with only 'Sudo' ticked. TransferApp also says so in its log at start.",
        "omero logout",
        "",
        "# On the TransferApp server and on each worker:",
        "#   TRANSFERAPP_REPOSITORY=omero",
        f"#   TRANSFERAPP_OMERO_HOST={host}",
        f"#   TRANSFERAPP_OMERO_PORT={port}",
        f"#   TRANSFERAPP_OMERO_IMPORTER={name}",
        "# and the password in a file that only the service can read (mode 0600):",
        "#   TRANSFERAPP_OMERO_IMPORTER_PASSWORD_FILE=/etc/transferapp/omero-importer",
        "# or as a systemd credential: LoadCredential=transferapp-omero:/path/to/the/file",
    ]
