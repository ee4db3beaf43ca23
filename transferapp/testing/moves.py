"""A move that tests make: an item is put into any state, unless it has ended."""

from __future__ import annotations

from dataclasses import replace

from transferapp.model.moves import CANCEL, Move, Mover
from transferapp.model.transfers import ItemState, TransferKind

PUT = Move("put", Mover.SERVER, frozenset(TransferKind), CANCEL.start, frozenset(ItemState))
#: Also one that has ended.
PUT_ANYHOW = replace(PUT, start=frozenset(ItemState))
