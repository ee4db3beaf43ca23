"""Errors by their codes: how one is rebuilt that came over the wire, or out of a database."""

from __future__ import annotations

from transferapp import errors, tier_errors

#: Modules that define errors beside ``errors``; subclasses are known once they are imported.
MORE = (tier_errors,)


def all_errors() -> dict[str, type[errors.TransferAppError]]:
    """Every error class by its code."""
    classes: list[type[errors.TransferAppError]] = [errors.TransferAppError]
    for cls in classes:
        classes.extend(cls.__subclasses__())
    return {cls.code: cls for cls in classes}


def from_code(
    code: str, message: str | None = None, *, retry_after_s: float | None = None
) -> errors.TransferAppError:
    """Rebuild an error from the wire; an unknown code gives the base class."""
    cls = all_errors().get(code, errors.TransferAppError)
    return cls(message, retry_after_s=retry_after_s)
