"""Errors by their codes, as they cross the wire and lie in databases."""

from __future__ import annotations

from transferapp.errors import TransferAppError


def all_errors() -> dict[str, type[TransferAppError]]:
    """Every error class by its code."""
    classes: list[type[TransferAppError]] = [TransferAppError]
    for cls in classes:
        classes.extend(cls.__subclasses__())
    return {cls.code: cls for cls in classes}


def from_code(
    code: str, message: str | None = None, *, retry_after_s: float | None = None
) -> TransferAppError:
    """Rebuild an error from the wire; an unknown code gives the base class."""
    cls = all_errors().get(code, TransferAppError)
    return cls(message, retry_after_s=retry_after_s)
