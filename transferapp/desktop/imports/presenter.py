"""What the Import page shows: the list of filesets, where they go, and the outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from transferapp.client.importing import ImportPlan, hand_over_import
from transferapp.client.target_formats import KeptFormats
from transferapp.desktop.containers.targets import TargetsPresenter
from transferapp.desktop.imports.anyway import judged_anyway
from transferapp.desktop.imports.attaching import Attaching
from transferapp.desktop.imports.drop import dropped
from transferapp.desktop.imports.duplicates import FilesetDuplicates
from transferapp.desktop.imports.list import (
    ComparedBytes,
    FilesetRow,
    ScanProgress,
)
from transferapp.desktop.imports.listing import Listing
from transferapp.desktop.imports.read_formats import ReadFormats
from transferapp.desktop.imports.rows import ImportRows
from transferapp.desktop.imports.texts import (
    left_out_text,
    suggested_name,
    summary_text,
)
from transferapp.desktop.session.background import Background
from transferapp.desktop.session.observable import Listeners
from transferapp.desktop.transfers.watch import TransferWatch
from transferapp.errors import (
    Cancelled,
    Invalid,
    SourceProblem,
    TargetNotFound,
    TransferAppError,
)
from transferapp.host.clock import Clock, SystemClock
from transferapp.intake.preflight import PreflightSettings
from transferapp.model.annotations import annotations_of
from transferapp.protocol.messages import SubmissionView

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.model.containers import ContainerRef

#: Seconds after which doubtful filesets ("still being written") are looked at again.
REFRESH_S = 10.0
#: Seconds that a window has to show a list before anything is asked about it.
PAINTED_S = 0.1
#: Folders that take longer to look at are looked at again only on request.
QUICK_SCAN_S = 3.0

HandOver = Callable[..., Awaitable[SubmissionView]]


class ImportPresenter:
    """An import while it is put together. Nothing typed or dropped is lost by an error.

    ``changed`` tells of everything but the list; ``rows_changed`` of the list;
    ``result_changed`` of a handed-over import's progress.
    """

    def __init__(
        self,
        session: SessionPresenter,
        *,
        clock: Clock | None = None,
        settings: PreflightSettings | None = None,
        hand_over: HandOver = hand_over_import,
        kept: KeptFormats | None = None,
    ) -> None:
        self._session = session
        self._clock = clock or SystemClock()
        self.reads = ReadFormats(session, self._clock, settings, kept)
        self._hand_over = hand_over
        self._known = FilesetDuplicates(session)
        self._roots: dict[Path, None] = {}
        self._plan: ImportPlan | None = None
        self._name_typed = False
        self._owner = session.owner
        self._background = Background(self._problem_behind)
        self._asked_for: ContainerRef | None = None
        self.targets = TargetsPresenter(session)
        self.attaching = Attaching(session, self.targets, lambda: self.others)
        self.name = ""
        self.tags = ""
        self.comment = ""
        self.handing_over = False
        self.ignored_count = 0
        self.trouble: TransferAppError | None = None
        self.result: TransferWatch | None = None
        self.changed: Listeners[[]] = Listeners()
        self.rows_changed: Listeners[[]] = Listeners()
        self._listing = Listing(self._background, self._progressed, self._list_changed)
        self.result_changed: Listeners[[]] = Listeners()
        self.targets.changed.listen(self._targets_changed)
        self.attaching.changed.listen(self.changed.notify)
        session.changed.listen(self._session_changed)

    @property
    def rows(self) -> tuple[FilesetRow, ...]:
        """The filesets, in the order they were found; behind them what was judged first."""
        return self._listing.listed

    @property
    def others(self) -> tuple[FilesetRow, ...]:
        """Files that are no images as far as anybody knows."""
        return self._rows.others

    @property
    def included(self) -> tuple[FilesetRow, ...]:
        """The filesets that will be imported."""
        return self._rows.included

    @property
    def scanning(self) -> ScanProgress | None:
        """How far looking at files is; None while nothing is looked at."""
        return self._listing.reading.progress

    @property
    def scanning_text(self) -> str:
        """The same as a sentence, with what is dropped meanwhile; empty while there is none."""
        return self._listing.scanning_text

    @property
    def summary(self) -> str:
        """What pressing Import does, in a sentence; empty while it cannot be pressed."""
        target = self.targets.chosen
        if self.why_not or target is None:
            return ""
        attached = len(self.attaching.files)
        return summary_text(self._rows.totals, target, self._session.server_url, attached)

    @property
    def left_out(self) -> str:
        """What stays out; empty when nothing does."""
        return left_out_text(self._rows.totals, len(self.attaching.files))

    @property
    def already_there(self) -> str:
        """What of the ticked filesets the repository holds already; empty when nothing."""
        return self._known.hint(self.included)

    @property
    def why_not(self) -> str:
        """Why Import cannot be pressed now; empty when it can."""
        reasons = (
            (self.handing_over, "The import is being handed over."),
            (self.scanning is not None, "The files are still being checked."),
            (not self._rows, "Drop files or folders first."),
            (not self._rows.totals.included, "No fileset is ticked that can be imported."),
            (self.targets.chosen is None, "Choose where the images go."),
            (not self.name.strip(), "Give the import a name."),
        )
        return next((text for holds, text in reasons if holds), "")

    async def add(self, paths: Sequence[Path]) -> None:
        """Look at files and folders in a thread and list their filesets; during a look, as
        soon as that has ended.
        """
        if not paths:
            return
        if self.scanning is not None:
            self._listing.waiting += paths
            self.changed.notify()
            return
        self.result_done()
        roots = tuple(self._roots)
        self._background.start(self.attaching.ask())
        scan = await self._listing.check(paths, self.reads, roots, ImportRows.add)
        if scan is None:
            return
        self._roots.update(dict.fromkeys(paths))
        self.ignored_count += scan.ignored_count
        if not self._name_typed and not self.name:
            self.name = suggested_name(paths[0])
        self._list_changed()
        await asyncio.sleep(PAINTED_S)
        await self._ask_duplicates(scan.rows)

    def cancel_scan(self) -> None:
        """Stop looking; what was being looked at, or waits for it, is not listed."""
        self._listing.stop()

    async def scan_again(self) -> None:
        """Judge everything again, as it is on disk now; choices are kept."""
        if self.scanning is not None or not self._roots or self.handing_over:
            return
        roots = tuple(self._roots)
        scan = await self._listing.check(roots, self.reads, roots, ImportRows.judge_again)
        if scan is None:
            return
        self._knows()
        await self._known.ask_changed(self.rows)
        self._knows()

    async def check_again(self) -> None:
        """Look again because the person wishes it, at disk and repository."""
        await self.scan_again()
        await self._known.ask_anew(self.rows)
        self._knows()

    async def keep_scanning(self) -> None:
        """Look again at doubtful filesets for ever: a recording ends by itself."""
        while True:
            await asyncio.sleep(REFRESH_S)
            if self._rows.doubtful and self._listing.took_s < QUICK_SCAN_S:
                await self.scan_again()

    def include(self, keys: Collection[str], *, included: bool) -> None:
        """Tick filesets or leave them out; blocked ones stay out."""
        self._listing.change(lambda rows: rows.include(keys, included=included), len(keys))

    def ignore(self, keys: Collection[str], *, ignored: bool) -> None:
        """Note that the files of these rows do not matter, or that they do after all."""
        self._listing.change(lambda rows: rows.ignore(keys, ignored=ignored), len(keys))

    async def import_anyway(self, keys: Collection[str]) -> None:
        """Take in files of formats that nobody knows; the repository may refuse them."""
        if self.scanning is not None:
            return
        rows = self._rows.found(keys)
        taken = await asyncio.to_thread(judged_anyway, rows, keys, self.reads.settings)
        self._listing.change(lambda rows: rows.judged(taken), len(taken))
        await self._ask_duplicates(taken)

    def remove(self, keys: Collection[str]) -> None:
        """Take filesets off the list; the files stay where they are."""
        requested = frozenset(keys)
        gone = [row for row in self.rows if row.key in requested]
        if len(gone) == len(self.rows) and self.scanning is None:
            self.clear()
            return
        # Those that stay are named anew: also for one row that is work.
        self._listing.change(lambda rows: rows.remove(requested), len(self._rows))
        places = {place for row in gone for place in (row.key, *row.places)}
        for path in [path for path in self._roots if str(path) in places]:
            self._roots.pop(path)  # Dropped by itself: that is taken back.

    def clear(self) -> None:
        """Empty the list."""
        self._forget_list()
        self._list_changed()

    def set_name(self, name: str) -> None:
        """Name the import; a suggestion does not overwrite it any more."""
        self.name, self._name_typed = name, bool(name.strip())
        self.changed.notify()

    def set_annotations(self, *, tags: str, comment: str) -> None:
        """Note the tags (comma-separated) and the comment for all images."""
        self.tags, self.comment = tags, comment

    def dismiss_problem(self) -> None:
        """The person has read it."""
        self.trouble = None
        self.changed.notify()

    def dismiss_already_there(self) -> None:
        """The person has read it."""
        self._known.dismiss(self.included)
        self.changed.notify()

    async def leave_out_duplicates(self) -> None:
        """Untick what the repository holds, once every byte of it is compared."""
        if self.scanning is not None or self.handing_over:
            return
        rows = self.included
        size = self._known.unsure_bytes(rows)
        try:
            with self._listing.reading.begun(ScanProgress(to_compare=size)) as (cancel, report):
                read = ComparedBytes(report, size)
                held = await self._known.leave_out(rows, cancel, read)
            self.include(held, included=False)
        except TransferAppError as error:
            self.trouble = None if isinstance(error, Cancelled) else error
        self._knows()

    async def submit(self) -> None:
        """Hand the import over; afterwards ``result`` or ``trouble`` is set."""
        plan = self._planned()
        self.handing_over, self.trouble = True, None
        self.changed.notify()
        try:
            view = await self._hand_over(
                self._session.server, self._session.agent, plan, owner=self._session.username
            )
        except TransferAppError as error:
            self.trouble = error
        else:
            self._begin_result(view)
        finally:
            self.handing_over = False
            self.changed.notify()
        await self._after_problem()

    def result_done(self) -> None:
        """Put the confirmation away."""
        if self.result is not None:
            self.result.stop()
            self.result = None
            self.result_changed.notify()

    def _planned(self) -> ImportPlan:
        target = self.targets.chosen
        if self.why_not or target is None:
            raise Invalid(self.why_not)
        rows = (*self.attaching.stays_out(self._rows.all), *self._rows.removed)
        plan = ImportPlan(
            name=self.name.strip(),
            target=target.ref,
            candidates=tuple(row.candidate for row in self.included if row.candidate),
            annotations=annotations_of(self.tags.split(","), self.comment),
            dropped=dropped(tuple(self._roots), rows, self.ignored_count),
            attachments=self.attaching.files,
        )
        # Pressing Import again after an error must not make a second import.
        self._plan = plan.or_same(self._plan)
        return self._plan

    def _begin_result(self, view: SubmissionView) -> None:
        self.result = TransferWatch(self._session, view, self._clock)
        self.result.changed.listen(self.result_changed.notify)
        self.result.start()
        self._forget_list()
        self.rows_changed.notify()
        self.result_changed.notify()

    async def _after_problem(self) -> None:
        """Bring up to date what the problem has shown to be old; the list stays."""
        if isinstance(self.trouble, TargetNotFound):
            await self.targets.load()
        elif isinstance(self.trouble, SourceProblem):
            await self.scan_again()

    async def close(self) -> None:
        """Stop what still runs; nothing that was handed over depends on it."""
        self.cancel_scan()
        self._known.stop()
        self.result_done()
        await self._background.close()

    # Inside ---------------------------------------------------------------------------

    @property
    def _rows(self) -> ImportRows:
        return self._listing.rows

    def _progressed(self) -> None:
        if self.scanning is None and (paths := self._listing.take_waiting()):
            self._background.start(self.add(paths))
        self.changed.notify()

    def _list_changed(self) -> None:
        self.rows_changed.notify()
        self.changed.notify()

    def _targets_changed(self) -> None:
        chosen = self.targets.chosen.ref if self.targets.chosen else None
        before, self._asked_for = self._asked_for, chosen
        if chosen is not None and chosen != before and self.rows:
            # Others import too: what is there is asked anew before the button is pressed.
            self._background.start(self._ask_duplicates(self.rows))
        self.changed.notify()

    async def _ask_duplicates(self, rows: Sequence[FilesetRow]) -> None:
        await self._known.ask(rows)
        self._knows()

    def _knows(self) -> None:
        keys = self._known.keys
        self._listing.change(lambda rows: rows.know(self._known.duplicate_of, keys), len(keys))

    def _problem_behind(self, error: TransferAppError) -> None:
        self.trouble = error
        self.changed.notify()

    def _forget_list(self) -> None:
        self._listing.forget()
        self._roots.clear()
        self._known.forget()
        self.attaching.requested = False
        self.ignored_count, self._plan = 0, None
        self.name, self.tags, self.comment, self._name_typed = "", "", "", False

    def _session_changed(self) -> None:
        if self._session.owner != self._owner:
            self._owner = self._session.owner
            self.reads.forget()
            self.result_done()
            self.clear()
