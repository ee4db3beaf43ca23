"""How long to wait before another try: growing, spread by chance, and never without an end.

The only place that multiplies pauses: ``2.0 ** failures`` raises OverflowError at 1,024
failures, which a host that is gone for good reaches within days.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tenacity import RetryCallState

#: No pause is longer, whatever a policy or the other side wishes (seconds). So what waits
#: until later than that was written by a clock that went wrong.
LONGEST_S = 7 * 24 * 3600.0
#: The largest count that is written down; counters of 32 bits hold it, and one more.
MOST_COUNTED = 2**31 - 2


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses in seconds that grow by ``factor`` from ``first_s`` to ``longest_s``."""

    first_s: float
    longest_s: float
    factor: float = 2.0

    def pause_s(self, failures: int) -> float:
        """Return the pause after ``failures`` earlier pauses in a row (0: the first one).

        Any number will do: a stored one may be negative, or larger than a float.
        """
        try:
            plain = self.first_s * float(self.factor) ** max(0, failures)
        except OverflowError:
            plain = self.longest_s
        return bounded_s(min(plain, self.longest_s))

    def spread_s(self, failures: int) -> float:
        """Return a pause of half to all of ``pause_s``: not everybody comes back at once."""
        # Chance spreads tries in time; it guards no secret.
        return self.pause_s(failures) * random.uniform(0.5, 1.0)  # noqa: S311

    def wait(self, state: RetryCallState) -> float:
        """Return the spread pause before the next try; ``wait`` of a ``tenacity`` retry."""
        return self.spread_s(state.attempt_number - 1)


def bounded_s(seconds: float | None) -> float:
    """Return a pause that can be waited for: 0 to LONGEST_S.

    For what others wish (``Retry-After: 99999999999``, infinity) or what was stored.
    """
    if seconds is None or math.isnan(seconds):
        return 0.0
    return min(LONGEST_S, max(0.0, seconds))


def grown(count: int, more: int = 1) -> int:
    """Return a counter that grew, for a column of 32 bits; it stays at its most."""
    return min(MOST_COUNTED, max(0, count) + more)
