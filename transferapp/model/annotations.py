"""What people write on the images of an import: made of words, and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from transferapp.model.containers import is_id
from transferapp.model.images import Annotation, AnnotationKind

#: Of the pairs on a result that say which image it was made from.
MADE_FROM = "transferapp/made-from"
MADE_FROM_KEY = "made from"
#: OMERO.web lets the owner edit key-value pairs of this namespace, and of no other.
EDITABLE_PAIRS = "openmicroscopy.org/omero/client/mapAnnotation"
#: Of one import or item; each is a row and a link for every image.
MOST_ANNOTATIONS = 100
MOST_PAIRS = 500
#: Characters. A namespace is ``varchar(255)`` in OMERO, the others are ``text``.
MOST_NAMESPACE = 255
MOST_LETTERS = 10_000


def made_from(annotations: Iterable[Annotation]) -> int | None:
    """Return the image that results were made from, as they note it."""
    pairs = (pair for one in annotations if one.namespace == MADE_FROM for pair in one.pairs)
    for key, value in pairs:
        kind, _, number = value.partition(":")
        if (key, kind) == (MADE_FROM_KEY, "Image") and is_id(number):
            return int(number)
    return None


def annotations_of(
    tags: Iterable[str], comment: str = "", pairs: Sequence[tuple[str, str]] = ()
) -> tuple[Annotation, ...]:
    """Make annotations of words as they were typed; a tag that is there twice is one."""
    names = dict.fromkeys(name.strip() for name in tags)
    found = [Annotation(AnnotationKind.TAG, value=name) for name in names if name]
    if comment.strip():
        found.append(Annotation(AnnotationKind.COMMENT, value=comment.strip()))
    if pairs:
        found.append(Annotation(AnnotationKind.KEY_VALUE, EDITABLE_PAIRS, pairs=tuple(pairs)))
    return tuple(found)


def wrong_annotations(annotations: Sequence[Annotation]) -> str:
    """Say why these cannot be written on an image; empty when they can."""
    if len(annotations) > MOST_ANNOTATIONS:
        return (
            f"These are {len(annotations):,} annotations, and an image can be given at most"
            f" {MOST_ANNOTATIONS} at once. Leave some out."
        )
    return next((why for one in annotations for why in _objections(one)), "")


def _objections(one: Annotation) -> Iterator[str]:
    texts = [one.namespace, one.value, *(text for pair in one.pairs for text in pair)]
    if not all(map(is_storable, texts)):
        yield f"A {one.kind} has a character that cannot be stored. Type it anew."
    if len(one.namespace) > MOST_NAMESPACE or any(len(text) > MOST_LETTERS for text in texts):
        yield (
            f"A {one.kind} is longer than {MOST_LETTERS:,} letters (its namespace:"
            f" {MOST_NAMESPACE}). Shorten it."
        )
    if one.kind is AnnotationKind.KEY_VALUE:
        if not 1 <= len(one.pairs) <= MOST_PAIRS or one.value:
            yield f"Key-value pairs are 1 to {MOST_PAIRS} pairs and no value beside them."
        if not all(key.strip() for key, _ in one.pairs):
            yield "A key-value pair has no key. Name it."
    elif one.pairs:
        yield f"A {one.kind} has no pairs. Send them as {AnnotationKind.KEY_VALUE}."
    elif not one.value.strip():
        yield f"A {one.kind} is empty. Leave it out."


def is_storable(text: str) -> bool:
    """Whether a database holds it: no zero byte, no half of a surrogate pair."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False
