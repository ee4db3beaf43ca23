"""A transfer's counters, kept by adding and taking away what one item counts for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from transferapp.model.transfers import (
    DONE_STATES,
    ENDED_STATES,
    PROBLEM_STATES,
    ItemRole,
    ItemState,
    TransferKind,
    overall_state,
)


@dataclass(frozen=True, slots=True)
class Share:
    """What one item counts for in its transfer."""

    state: ItemState
    file_count: int
    size_bytes: int
    bytes_done: int
    received: bool
    verified: bool
    role: ItemRole = ItemRole.FILESET

    @property
    def settled(self) -> bool:
        """The workstation is not needed for this item any more."""
        return self.received or self.state in ENDED_STATES

    @property
    def safe(self) -> bool:
        """The repository holds every byte of it, checked, as images or attached."""
        return self.verified and self.state is ItemState.IMPORTED

    @property
    def files_safe(self) -> int:
        """How many files of it are safe in the repository."""
        return self.file_count if self.safe else 0

    @property
    def attached(self) -> int:
        """How many files of it are attached to the target."""
        return self.files_safe if self.role is ItemRole.ATTACHMENTS else 0


@dataclass(frozen=True, slots=True)
class Tally:
    """The counters of a transfer; sizes in bytes."""

    states: Mapping[ItemState, int]
    settled: int = 0
    verified: int = 0
    files_verified: int = 0
    file_count: int = 0
    size_bytes: int = 0
    bytes_done: int = 0
    to_attach: int = 0
    attached: int = 0

    @property
    def item_count(self) -> int:
        """Items in all."""
        return sum(self.states.values())

    @property
    def done(self) -> int:
        """Items that ended well."""
        return sum(self.states.get(state, 0) for state in DONE_STATES)

    @property
    def with_problem(self) -> int:
        """Items for which a person must do something."""
        return sum(self.states.get(state, 0) for state in PROBLEM_STATES)

    @property
    def ended(self) -> bool:
        """Whether every item has ended."""
        return all(state in ENDED_STATES for state, count in self.states.items() if count)

    def overall(self, kind: TransferKind) -> ItemState:
        """Return the one word for the whole transfer."""
        return overall_state([state for state, count in self.states.items() if count], kind)

    def changed(self, before: Share, after: Share) -> Tally:
        """Return the counters after one item has changed."""
        states = dict(self.states)
        states[before.state] = states.get(before.state, 0) - 1
        states[after.state] = states.get(after.state, 0) + 1
        return replace(
            self,
            states={state: count for state, count in states.items() if count},
            settled=self.settled + after.settled - before.settled,
            verified=self.verified + after.safe - before.safe,
            files_verified=self.files_verified + after.files_safe - before.files_safe,
            file_count=self.file_count + after.file_count - before.file_count,
            size_bytes=self.size_bytes + after.size_bytes - before.size_bytes,
            bytes_done=self.bytes_done + after.bytes_done - before.bytes_done,
            attached=self.attached + after.attached - before.attached,
        )
