"""What a person may call the licence of a deposit: an address, or the identifier of SPDX."""

from __future__ import annotations

from urllib.parse import urlsplit

from transferapp.errors import Invalid

_SPDX = "https://spdx.org/licenses/"
#: Identifiers of SPDX (spdx.org/licenses) that archives of research data meet; any other
#: licence has an address.
_KNOWN = (
    "CC0-1.0", "CC-BY-4.0", "CC-BY-3.0", "CC-BY-SA-4.0", "CC-BY-SA-3.0", "CC-BY-NC-4.0",
    "CC-BY-NC-3.0", "CC-BY-ND-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-ND-4.0",
    "CC-BY-NC-ND-3.0", "CC-PDDC", "ODbL-1.0", "ODC-By-1.0", "PDDL-1.0", "CDLA-Permissive-1.0",
    "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "DL-DE-BY-2.0", "DL-DE-ZERO-2.0", "OGL-UK-3.0",
    "etalab-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "ISC", "0BSD",
    "Unlicense", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later",
    "LGPL-3.0-only", "LGPL-3.0-or-later", "AGPL-3.0-only", "AGPL-3.0-or-later", "MPL-2.0",
    "EUPL-1.2",
)  # fmt: skip
_BY_LETTERS = {known.lower(): known for known in _KNOWN}


def licence_address(text: str) -> str:
    """Return the address of a licence; raises Invalid for what is none."""
    text = text.strip()
    if known := _BY_LETTERS.get(text.lower()):
        return f"{_SPDX}{known}"
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in ("http", "https") and parts.netloc and not any(map(str.isspace, text)):
        return text
    raise Invalid(
        f"'{text}' is no licence that is known here. Write its address, like"
        f" {_SPDX}CC-BY-4.0, or its identifier, like CC-BY-4.0 (spdx.org/licenses)."
    )
