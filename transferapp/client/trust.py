"""Who is trusted to vouch for a server."""

from __future__ import annotations

import ssl

import httpx


def trust_for(address: str) -> ssl.SSLContext:
    """Return httpx's certificate authorities for ``https://``, and none for what is not
    encrypted (``http://``, a Unix socket): every client would read them, for 25 ms.

    Raises OSError when SSL_CERT_FILE or SSL_CERT_DIR names what cannot be read.
    """
    if address.lower().startswith("https:"):
        return httpx.create_ssl_context()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
