"""Archives of all that a person owns: the lines of ``archive.jsonl``, and how they are read."""
