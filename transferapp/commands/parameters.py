"""One parameter of a command: what a person may put there."""

from __future__ import annotations

import re
import unicodedata
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from transferapp.errors import Invalid


class Parameter(BaseModel):
    """What a value must be: in the list of choices, or matched by the pattern as a whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pattern: str | None = None
    choices: list[str] | None = Field(default=None, min_length=1)
    #: In text, such as "a day like 2026-11-21"; shown when a value does not fit.
    description: str = ""
    #: Taken when nothing is given; None: it must be given.
    default: str | None = None
    max_length: int = Field(default=256, ge=1, le=4096)
    #: Such as a negative number; otherwise it could be taken for an option.
    may_begin_with_dash: bool = False
    secret: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.secret:
            raise ValueError(
                "secret parameters are not supported: values are kept in the database and seen"
                " in lists. Let the program read the secret from a file of its own"
            )
        if (self.pattern is None) == (self.choices is None):
            raise ValueError("give either 'pattern' or 'choices'")
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"the pattern is not right: {error}") from error
        if self.default is not None and not self._fits(self.default):
            raise ValueError("the default does not fit")
        return self

    def checked(self, name: str, given: str | None) -> str:
        """Return the value; raises Invalid that says in text what it must be."""
        value = self.default if given is None else given
        if value is None:
            raise Invalid(f"'{name}' is missing: {self.described()}.")
        if not self._fits(value):
            raise Invalid(f"'{name}' is not right: it must be {self.described()}.")
        return value

    @property
    def dash_is_fine(self) -> bool:
        """Whether a value may begin with '-'; the choices are the administrator's own."""
        return self.may_begin_with_dash or self.choices is not None

    def described(self) -> str:
        """Say what fits."""
        if self.choices is not None:
            return f"one of {', '.join(self.choices)}"
        text = self.description or "a text"
        return f"{text} (the whole of it must match {self.pattern})"

    def _fits(self, value: str) -> bool:
        if len(value) > self.max_length or any(_is_control(one) for one in value):
            return False
        if self.choices is not None:
            return value in self.choices
        return re.fullmatch(self.pattern or "", value) is not None


def _is_control(character: str) -> bool:
    """Whether it is a zero, a line end or the like, or a lone surrogate."""
    return unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
