"""The commands that the administrator allows, as her TOML file says (docs/commands.md)."""

from __future__ import annotations

import string
from pathlib import Path, PurePosixPath
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveInt,
    StringConstraints,
    model_validator,
)

from transferapp.commands.parameters import Parameter
from transferapp.errors import Invalid, NotFound
from transferapp.host.administered_file import read_administered
from transferapp.model.identity import Identity

SETTING = "TRANSFERAPP_COMMANDS_FILE"

#: Words of ``allowed`` that are no group's name.
ADMINS = "admins"
EVERYONE = "everyone"
_OURS = "TRANSFERAPP_"
_DAY_S = 86_400.0

CommandName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
ParameterName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
#: The kernel ends every one of these at a zero.
Plain = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]


class Command(BaseModel):
    """A program that may be run by its name; times in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    argv: list[Plain] = Field(min_length=1)
    description: str = ""
    parameters: dict[ParameterName, Parameter] = {}
    #: ``admins``, ``everyone``, or names of groups of the repository.
    allowed: list[str] = Field(default=[ADMINS], min_length=1)
    timeout_s: float = Field(default=3600.0, gt=0, le=30 * _DAY_S)
    #: How many may run at once, over all workers.
    limit: PositiveInt = 1
    output_limit_bytes: int = Field(default=1 << 20, ge=1 << 10, le=64 << 20)
    environment: dict[Variable, Plain] = {}
    #: Where it works; None: in an empty folder that is removed afterwards.
    folder: Path | None = None
    #: How often it is tried again: only for what may safely run twice.
    retries: int = Field(default=0, ge=0, le=50)
    success_codes: list[Annotated[int, Field(ge=0, le=255)]] = Field(default=[0], min_length=1)
    #: Between SIGTERM and SIGKILL; a worker that stops waits for ten seconds in all.
    grace_s: float = Field(default=5.0, ge=0, le=8)
    nice: int = Field(default=10, ge=0, le=19)

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_program(self.argv[0])
        used = {name for element in self.argv for _, name in _pieces(element) if name}
        for name in sorted(used - set(self.parameters)):
            raise ValueError(f"argv has {{{name}}}, but there is no parameter '{name}'")
        for name in sorted(set(self.parameters) - used):
            raise ValueError(f"parameter '{name}' is nowhere in argv; write it as {{{name}}}")
        for name in self.environment:
            if name.upper().startswith(_OURS):
                raise ValueError(f"environment: {name} is TransferApp's own, not passed on")
        if self.folder is not None and not self.folder.is_absolute():
            raise ValueError("folder must be an absolute path")
        return self

    def checked(self, given: dict[str, str]) -> dict[str, str]:
        """Return the value of every parameter; raises Invalid that says what is not right."""
        for name in given:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise Invalid(f"There is no parameter '{name}'. There are: {known}.")
        return {
            name: parameter.checked(name, given.get(name))
            for name, parameter in self.parameters.items()
        }

    def filled_in(self, values: dict[str, str]) -> tuple[str, ...]:
        """Return the arguments; each value is part of one, and never read again.

        Raises Invalid for a value that would be taken for an option.
        """
        return tuple(self._element(element, values) for element in self.argv)

    def allows(self, identity: Identity) -> bool:
        """Whether this person may run it; administrators always may."""
        if identity.is_admin or EVERYONE in self.allowed:
            return True
        # A group that happens to be called "admins" has no say.
        groups = set(self.allowed) - {ADMINS, EVERYONE}
        return any(group.name in groups for group in identity.groups)

    def _element(self, element: str, values: dict[str, str]) -> str:
        filled = ""
        for text, name in _pieces(element):
            filled += text
            value = values[name] if name else ""
            if not filled and value.startswith("-") and not self.parameters[name].dash_is_fine:
                raise Invalid(
                    f"'{name}' must not begin with '-': it would be taken for an option."
                )
            filled += value
        return filled


class AllowList(BaseModel):
    """All commands by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    commands: dict[CommandName, Command] = {}

    def command(self, name: str, identity: Identity | None = None) -> Command:
        """Return a command (that this person may run); raises NotFound with what exists."""
        command = self.commands.get(name)
        if command is not None and (identity is None or command.allows(identity)):
            return command
        there = [
            other
            for other, one in self.commands.items()
            if identity is None or one.allows(identity)
        ]
        listed = f"There are: {', '.join(there)}." if there else "There is none for you."
        raise NotFound(f"There is no command '{name}' that you may run. {listed}")


def load_allow_list(path: Path | None) -> AllowList:
    """Read the file; None gives an empty list. Raises SettingsInvalid that names the key."""
    if path is None:
        return AllowList()
    return read_administered(path, SETTING, AllowList)


def _check_program(program: str) -> None:
    if not PurePosixPath(program).is_absolute():
        raise ValueError(f"argv must begin with an absolute path, not '{program}'")
    if any(name for _, name in _pieces(program)):
        raise ValueError("the program itself cannot be a parameter")


def _pieces(element: str) -> list[tuple[str, str]]:
    """Cut an argument into (text, name of the parameter that follows or empty)."""
    pieces = []
    for text, name, form, conversion in string.Formatter().parse(element):
        if form or conversion or not (name is None or name.isidentifier()):
            how = "write a parameter as {name}, and braces as {{ }}"
            raise ValueError(f"'{element}': {how}")
        pieces.append((text, name or ""))
    return pieces
