"""Write lines of ``archive.jsonl``."""

from __future__ import annotations

import json

from transferapp.archive.lines import Line


def line_bytes(line: Line) -> bytes:
    """Return a line as it stands in the file, its end included; what is not known is left
    out.
    """
    known = {
        name
        for name, field in type(line).model_fields.items()
        if name == "kind" or getattr(line, name) != field.get_default(call_default_factory=True)
    }
    text = json.dumps(
        line.model_dump(mode="json", include=known), ensure_ascii=False, allow_nan=False
    )
    # Half a character becomes what JSON writes for it.
    return text.encode(errors="backslashreplace") + b"\n"
