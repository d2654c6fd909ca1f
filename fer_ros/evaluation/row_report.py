# Copyright 2026 the fer_ros authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""Numbers of rows of a data set that were read, kept and dropped, with the reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from rich.table import Table


@dataclass(frozen=True)
class SplitCounts:
    """The numbers of rows of one split; `dropped` holds pairs of reason and number."""

    data_set: str
    split: str
    read: int
    dropped: tuple[tuple[str, int], ...] = ()

    @property
    def kept(self) -> int:
        """Return the number of rows that were kept."""
        return self.read - sum(count for _, count in self.dropped)


@dataclass(frozen=True)
class ReportRow:
    """A line of the table; `what` is `read`, `kept` or `dropped`, the last with a reason `why`."""

    data_set: str
    split: str
    what: str
    count: int
    why: str = ''


@dataclass(frozen=True)
class RowReport:
    """The counts of all splits in the order of their rows, and notes about the data sets."""

    splits: tuple[SplitCounts, ...]
    notes: tuple[str, ...] = ()

    def __add__(self, other: RowReport) -> RowReport:
        """Return the report of both sets of rows in this order."""
        return RowReport(
            self.splits + other.splits, tuple(dict.fromkeys(self.notes + other.notes)))

    def without(self, split: str, unwanted: npt.NDArray[np.bool_], why: str) -> RowReport:
        """
        Return the report after more rows were dropped.

        :param unwanted: (N,), true for the rows to drop among the rows of the split that were
            kept.
        :param why: reason.
        """
        splits = []
        first = 0
        for counts in self.splits:
            if counts.split == split:
                count = int(unwanted[first:first + counts.kept].sum())
                first += counts.kept
                if count:
                    counts = replace(counts, dropped=(*counts.dropped, (why, count)))
            splits.append(counts)
        return replace(self, splits=tuple(splits))

    @property
    def rows(self) -> Iterator[ReportRow]:
        """Yield the numbers of rows that were read, kept and dropped for each split."""
        for counts in self.splits:
            place = (counts.data_set, counts.split)
            yield ReportRow(*place, 'read', counts.read)
            yield ReportRow(*place, 'kept', counts.kept)
            for why, count in counts.dropped:
                yield ReportRow(*place, 'dropped', count, why)

    def table(self) -> Table:
        """Return the report as a table for the terminal."""
        table = Table(caption='\n'.join(self.notes) or None)
        for heading in ('data set', 'split', 'rows'):
            table.add_column(heading)
        table.add_column('number', justify='right')
        table.add_column('why')
        above = ('', '')
        for row in self.rows:
            place = (row.data_set, row.split)
            if row.what == 'read' and above[0]:
                table.add_section()
            table.add_row(
                row.data_set if row.data_set != above[0] else '',
                row.split if place != above else '', row.what, f'{row.count:,}', row.why)
            above = place
        return table

    @property
    def summary(self) -> str:
        """Return the report as a sentence, followed by the notes."""
        several = len({counts.data_set for counts in self.splits}) > 1
        parts = []
        for counts in self.splits:
            owner = f' of {counts.data_set}' if several else ''
            part = f'{counts.kept:,} of {counts.read:,} {counts.split} rows{owner}'
            if counts.dropped:
                reasons = '; '.join(f'{count:,} because {why}' for why, count in counts.dropped)
                part += f' (dropped: {reasons})'
            parts.append(part)
        return '. '.join([', '.join(parts), *self.notes]) + '.'
