"""kill -9 of an installation's processes at random, while something goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random

from transferapp.sandbox.local_installation import LocalInstallation

NAMES = ("agent", "server", "worker")


def kill_until(
    installation: LocalInstallation,
    ended: Callable[[], bool],
    *,
    most: int,
    every_s: tuple[float, float],
    within_s: float,
    seed: int = 12,
) -> dict[str, int]:
    """Kill and start processes until it has ended; return how often each was killed.

    After ``most`` kills it goes on in peace. Raises TimeoutError.
    """
    dice, kills = Random(seed), dict.fromkeys(NAMES, 0)  # noqa: S311  # no secret
    turn: list[str] = []
    until = time.monotonic() + within_s
    next_at = time.monotonic() + dice.uniform(*every_s)
    while not ended():
        if time.monotonic() > until:
            raise TimeoutError(f"not ended within {within_s} s; killed {kills}")
        if time.monotonic() >= next_at and sum(kills.values()) < most:
            turn = turn or dice.sample(NAMES, len(NAMES))
            name = turn.pop()
            installation.kill(name)
            time.sleep(dice.uniform(0, 0.5))
            installation.start(name)
            kills[name] += 1
            next_at = time.monotonic() + dice.uniform(*every_s)
        time.sleep(0.2)
    return kills
