"""``python -m transferapp.sandbox.bench NAME --out FILE``: run one benchmark."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from transferapp.host.logging import configure_logging
from transferapp.sandbox.bench import data, intake, queue, start

#: Each writes one JSON object: bench, ratios, figures, machine, commands.
BENCHES: dict[str, Callable[[Path], None]] = {
    "data": data.run,
    "intake": intake.run,
    "queue": queue.run,
    "start": start.run,
}


def main() -> None:
    """Parse the arguments and run."""
    configure_logging("bench", private=False)
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", choices=sorted(BENCHES))
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    given = parser.parse_args()
    BENCHES[given.name](given.out.resolve())


if __name__ == "__main__":
    main()
