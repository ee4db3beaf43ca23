"""What Ice and omero-py tell by Ice's logger, in the log of this process."""

from __future__ import annotations

import structlog

from transferapp.repositories.omero.ice_imports import Ice

_log = structlog.get_logger(__name__)


class IceLog(Ice.Logger):  # type: ignore[misc]  # Ice has no types
    """Passes lines on; Ice's own logger writes them to standard error as it likes."""

    def print(self, message: str) -> None:
        """Pass on what has no level."""
        _log.info("ice reports", text=message)

    def trace(self, category: str, message: str) -> None:
        """Pass on what was asked for by a setting of Ice."""
        _log.debug("ice traces", text=f"{category}: {message}")

    def warning(self, message: str) -> None:
        """Pass on a warning, as of a session that could not be kept alive."""
        _log.warning("ice warns", text=message)

    def error(self, message: str) -> None:
        """Pass on an error."""
        _log.error("ice reports an error", text=message)

    def getPrefix(self) -> str:  # noqa: N802 - Ice's name
        """Ice asks it of loggers."""
        return ""

    def cloneWithPrefix(self, _prefix: str) -> IceLog:  # noqa: N802 - Ice's name
        """Ice asks it of loggers; our lines say by themselves who writes them."""
        return IceLog()
