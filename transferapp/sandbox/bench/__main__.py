"""``python -m transferapp.sandbox.bench NAME --out FILE``: run one benchmark."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from transferapp.host.logging import configure_logging
from transferapp.sandbox.bench import data, export, intake, queue, start

#: Each writes one JSON object: bench, ratios, figures, machine, commands.
BENCHES: dict[str, Callable[[Path], None]] = {
    "data": data.run,
    "export": export.run,
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
    parser.add_argument(
        "--quick", action="store_true", help="export: smaller images, to try it"
    )
    given = parser.parse_args()
    bench = BENCHES[given.name]
    if given.quick:
        if bench is not export.run:
            parser.error(f"'{given.name}' has no short form")
        bench = partial(export.run, sizes=export.QUICK)
    bench(given.out.resolve())


if __name__ == "__main__":
    main()
