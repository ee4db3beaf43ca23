"""Paths and header names of the wire, in one place for both sides."""

from __future__ import annotations

HEALTH = "/healthz"
SERVER = "/v1/server"
FORMATS = "/v1/formats"
SESSIONS = "/v1/sessions"
SESSION = "/v1/session"
GRANTS = "/v1/grants"
CONTAINERS = "/v1/containers"
ATTACHMENTS = "/v1/attachments"
IMAGES = "/v1/images"
#: What is below it needs no token: the address has a signature.
SIGNED = "/v1/signed"
IMPORTS = "/v1/imports"
IMPORT_CHECK = "/v1/imports/check"
DUPLICATES = "/v1/duplicates"
EXPORTS = "/v1/exports"
EXPORT_SUMMARY = "/v1/exports/summary"
EXPORT_PATHS = "/v1/exports/paths"
PLACES = "/v1/places"
TRANSFERS = "/v1/transfers"
UPLOADS = "/v1/uploads"
EVENTS = "/v1/events"
NOTIFICATIONS = "/v1/notifications"
INBOX = "/v1/inbox"
COMMANDS = "/v1/commands"
COMMAND_RUNS = "/v1/command-runs"
ADMIN = "/v1/admin"
METRICS = "/metrics"
#: A JWK Set, for everybody (RFC 8615).
RECEIPT_KEYS = "/.well-known/jwks.json"
RECEIPT_CHECK = "/v1/receipts/check"

AGENT = "/v1/agent"
SUBMISSIONS = "/v1/submissions"

#: First message of an event stream; its id is where the stream goes on from.
EVENTS_READY = "ready"
#: Comes after it when events after the asked position are not kept any more: what a client
#: shows may be out of date, and it should read its lists anew. What is kept follows.
EVENTS_MISSED = "missed"
#: A repeated POST with the same key gives the first answer again.
IDEMPOTENCY_KEY = "Idempotency-Key"
#: tus 1.0 extension "checksum"; we accept blake3 beside sha1 and sha256.
CHECKSUM_ALGORITHM = "blake3"
#: Bytes of one upload part; docs/adr/0005 says why.
PART_SIZE = 16 << 20


def brought(transfer_id: str) -> str:
    """Where it is told where the items of an export lie that is brought to a place."""
    return f"{TRANSFERS}/{transfer_id}/brought"


def command_output(run_id: str) -> str:
    """Where what a run of a command printed is read, and followed live."""
    return f"{COMMAND_RUNS}/{run_id}/output"


def image_attachments(image_id: object) -> str:
    """What is attached to an image."""
    return f"{IMAGES}/{image_id}/attachments"


def container_attachments(ref: str) -> str:
    """Where the files attached to a container are listed."""
    return f"{CONTAINERS}/{ref}/attachments"


def attachment_content(attachment_id: int) -> str:
    """Where an attachment is downloaded from, with ranges."""
    return f"{ATTACHMENTS}/{attachment_id}/content"


def image_zarr(image_id: int) -> str:
    """Root of the virtual OME-Zarr of an image."""
    return f"{IMAGES}/{image_id}/zarr"


def image_signed_url(image_id: int) -> str:
    """Where a signed URL of an image's OME-Zarr is asked for."""
    return f"{IMAGES}/{image_id}/signed-url"


def signed_zarr(signature: str) -> str:
    """Root of the OME-Zarr that a signature opens; napari chooses readers by its ending."""
    return f"{SIGNED}/{signature}/image.zarr"


def file_content(transfer_id: str, file_id: str) -> str:
    """Where an export's file is downloaded from, with ranges."""
    return f"{TRANSFERS}/{transfer_id}/files/{file_id}/content"


def file_seal(transfer_id: str, file_id: str) -> str:
    """Where a finished upload is sealed with its SHA-1."""
    return f"{TRANSFERS}/{transfer_id}/files/{file_id}/seal"


def file_anew(transfer_id: str, file_id: str) -> str:
    """Where the workstation tells that a file has changed and is sent anew."""
    return f"{TRANSFERS}/{transfer_id}/files/{file_id}/anew"


def source(transfer_id: str) -> str:
    """Where the workstation tells how the source of an import looks now."""
    return f"{TRANSFERS}/{transfer_id}/source"


def receipt(transfer_id: str) -> str:
    """Where a transfer's receipt is."""
    return f"{TRANSFERS}/{transfer_id}/receipt"


def origin(transfer_id: str) -> str:
    """Where the workstation tells where the files of an import lie."""
    return f"{TRANSFERS}/{transfer_id}/origin"


def item(transfer_id: str, item_id: str) -> str:
    """Return the path of one item of a transfer."""
    return f"{TRANSFERS}/{transfer_id}/items/{item_id}"
