"""Query parameters that an address does not know: refused, because a filter that is
ignored answers with everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from transferapp.errors import Invalid

#: Letters of a wrong name that come back.
_MOST_OF_NAME = 40


def check_query(given: Iterable[tuple[str, str]], known: Mapping[str, bool]) -> None:
    """Raise Invalid for a parameter that is not ``known``, or is given too often.

    ``known`` says of each name whether it may be repeated. Values never come back: they
    may be secrets that were sent to the wrong place.
    """
    for name, count in Counter(name for name, _ in given).items():
        shown = name if len(name) <= _MOST_OF_NAME else f"{name[:_MOST_OF_NAME]}…"
        if name not in known:
            there = f"It knows: {', '.join(sorted(known))}." if known else "It knows none."
            raise Invalid(f"'{shown}' is no parameter of this address. {there}")
        if count > 1 and not known[name]:
            raise Invalid(f"'{shown}' is given {count} times. Give it once.")
