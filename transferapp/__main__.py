"""Let ``python -m transferapp`` be the command line."""

from __future__ import annotations

from transferapp.cli.main import main

if __name__ == "__main__":
    # Shells complete by one word, and "python -m transferapp" made no script that they read.
    main("transferapp")
