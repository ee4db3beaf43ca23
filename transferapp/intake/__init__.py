"""From dropped paths to filesets with verdicts: what belongs together and may be imported."""
