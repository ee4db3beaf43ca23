"""Rows of our tables as nouns, whatever stands in them; and what is wrong with them.

Counters and times that make no sense are read as sound ones. A task whose row says
nothing that could be run -- an unknown state, an unknown lane -- is shown as dead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transferapp.errors import Internal
from transferapp.taskqueue.dbos.schema import fairness_key
from transferapp.taskqueue.dbos.settings import DEFAULT_LIMIT
from transferapp.taskqueue.dbos.values import (
    MOST_BYTES,
    moment,
    number,
    text,
    whole,
    work_class_of,
)
from transferapp.taskqueue.moves import ENDED_TASK_STATES, SET_ASIDE, checked_end
from transferapp.taskqueue.port import Resource, Task, TaskState, WorkClass
from transferapp.taskqueue.pressure import Pressure, RunStats
from transferapp.taskqueue.retry_decision import FailureCount

#: A row by column name: as read, or made sound.
Row = Mapping[Any, Any]

STATES = frozenset(map(str, TaskState))
#: Characters of what a dead letter keeps.
_LENGTHS = {"kind": 64, "target": 128, "owner": 256, "payload": None}
_TEXTS = ("id", "kind", "target", "owner", "payload", "run")


def to_task(row: Row) -> Task:
    """Make a Task of a row of ``tasks``; one that cannot be run is shown as dead."""
    problem = problem_of(row)
    retry_at = row["retry_at"]
    return Task(
        id=text(row["id"]),
        kind=text(row["kind"]),
        version=whole(row["version"]),
        target=text(row["target"]),
        owner=text(row["owner"]),
        priority=priority_of(row["priority"]),
        state=TaskState.DEAD if problem else TaskState(row["state"]),
        attempts=whole(row["attempts"]),
        crashes=whole(row["crashes"]),
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
        retry_at=None if retry_at is None else moment(retry_at),
        error_code=Internal.code if problem else text(row["error_code"]),
        error=problem or text(row["error"]),
        step=text(row["step"]),
        progress=number(row["progress"], most=1.0),
        note=text(row["note"]),
        bytes_done=whole(row["bytes_done"], most=MOST_BYTES),
        lane=work_class_of(row["lane"]) or WorkClass.TRANSFERS,
        worker=text(row["holder"]),
        # A start that the engine never heard of takes ``runs`` back, but no ``turn``; what is
        # no number at all says nothing.
        begun=row["runs"] != 0 or row["turn"] != 0,
    )


def problem_of(row: Row) -> str:
    """Say why a task cannot be run as its row stands; nothing when it can, or is over."""
    if row["state"] in ENDED_TASK_STATES:
        return ""
    wrong = [name for name in _TEXTS if not isinstance(row[name], str)]
    if row["state"] not in STATES:
        wrong.append("state")
    if work_class_of(row["lane"]) is None:
        wrong.append("lane")
    if row["id"] == "":
        wrong.append("id")
    if not wrong:
        return ""
    notified = ", ".join(f"{name} {text(row[name])[:80]!r}" for name in wrong)
    return (
        f"The queue's record of this cannot be read ({notified}). Nothing was run. Ask your"
        " administrator to run the task again."
    )


def buried(row: Row) -> dict[str, Any]:
    """Return the columns of a dead letter that can be read, shown and redriven."""
    work_class = work_class_of(row["lane"]) or WorkClass.TRANSFERS
    texts = {name: text(row[name])[:length] for name, length in _LENGTHS.items()}
    return texts | {
        "state": checked_end(SET_ASIDE),
        "lane": work_class,
        "line": fairness_key(work_class, texts["owner"]),
        "holder": "",
        "run": "",
        "retry_at": None,
        "told": False,
        "error_code": Internal.code,
        "error": problem_of(row),
    }


def failure_count(row: Row) -> FailureCount:
    """Return how often a task failed so far."""
    return FailureCount(whole(row["attempts"]), whole(row["defects"]))


def priority_of(value: object) -> int:
    """Return a task's priority; smaller goes first."""
    return whole(value, 100, least=-MOST_BYTES, most=MOST_BYTES)


def sound_resource(row: Row) -> dict[str, Any]:
    """Return a target's row with every column of the right sort and within its bounds."""
    ceiling = whole(row["configured"]) or DEFAULT_LIMIT
    ceiling = whole(row["ceiling"], ceiling, least=1)
    sound = dict(row) | {
        name: number(row[name]) for name in ("usual_s", "probe_at", "probe_since", "seconds")
    }
    return sound | {
        "paused": bool(row["paused"]),
        "ceiling": ceiling,
        "configured": whole(row["configured"]),
        "limit": whole(row["limit"], ceiling, least=1),
        "failures": whole(row["failures"]),
        "outages": whole(row["outages"]),
        "probe": text(row["probe"]),
        "done": whole(row["done"]),
        "failed": whole(row["failed"]),
        "turn": whole(row["turn"], most=MOST_BYTES),
    }


def faults_of(row: Row) -> dict[str, Any]:
    """Return the columns of a target's row that make no sense, with sound values."""
    sound = sound_resource(row)
    return {name: value for name, value in sound.items() if row[name] != value}


def to_resource(row: Row) -> Resource:
    """Make a Target of a row, as it is or made sound."""
    sound, faults = sound_resource(row), faults_of(row)
    out = sound["outages"] > 0
    notified = ", ".join(f"{name} {text(row[name])[:40]}" for name in faults)
    return Resource(
        name=sound["name"],
        paused=sound["paused"],
        ceiling=sound["ceiling"],
        limit=min(sound["limit"], sound["ceiling"]),
        out=out,
        probe_at=moment(sound["probe_at"]) if out else None,
        trouble=f"Its row cannot be read ({notified}); a worker puts it right."
        if notified
        else "",
    )


def pressure_of(row: Row) -> Pressure:
    """Return the part of a sound row that is judged."""
    return Pressure(
        ceiling=row["ceiling"],
        limit=min(row["limit"], row["ceiling"]),
        usual_s=row["usual_s"],
        failures=row["failures"],
        outages=row["outages"],
        probe_at=row["probe_at"],
    )


def run_stats_of(row: Row) -> RunStats:
    """Return how runs ended since the last look, from a sound row."""
    return RunStats(row["done"], row["failed"], row["seconds"])
