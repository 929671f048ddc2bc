"""The view of 10,000 monitors: what one rebuild of the table costs, grouped, unfolded, filtered and sorted.

Run: `python benchmarks/view_cost.py`. The goal is 10 ms at most. A reference that runs in turn with every case tells
the speed of the machine itself: sorting 10,000 shuffled tuples of a number and a name.
"""

import os
import random
import statistics
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from support.fleets import NOW_MS, fleet, monitor, row
from uptime_tui.catalogue.load import CATEGORIES
from uptime_tui.model.filter import parse_filter
from uptime_tui.view.rows import SORTS, ViewOptions, build_view
from uptime_tui.view.snapshot import Snapshot

MONITORS = 10_000
ROUNDS = 15
TUPLES = [(number * 7919 % MONITORS, f"monitor {number:05}") for number in range(MONITORS)]


def snapshot(bad_share):
    """A fleet with a share of problems, in every category."""
    chance = random.Random(1)
    entries = []
    for number in range(1, MONITORS + 1):
        bad = chance.random() < bad_share
        status = chance.choice(["down", "degraded", "unknown"]) if bad else "up"
        entries.append(
            (
                monitor(number, category=chance.choice(CATEGORIES), tags=("prod",)),
                row(number, status, failure="refused" if bad else None, latency_ms=chance.random() * 100),
            )
        )
    known = Snapshot()
    known.apply(fleet(*entries))
    return known


def main():
    """Print one line for each kind of view."""
    print(f"{MONITORS} monitors, processor time; goal 10 ms; load average {os.getloadavg()[0]:.1f}")
    for share in (0.01, 0.5):
        known = snapshot(share)
        base = ViewOptions(categories=CATEGORIES)
        cases = {
            "grouped": base,
            "filter by state": base._replace(filter=parse_filter("state:down")),
            "filter by word": base._replace(filter=parse_filter("monitor 0099")),
            **{f"sorted by {key}": base._replace(sort=key) for key in SORTS},
        }
        for name, options in cases.items():
            show(share, name, [known] * ROUNDS, options)
        show(share, "the first word typed", [snapshot(share) for _ in range(ROUNDS)], cases["filter by word"])


def show(share, name, fleets, options):
    """One line: a rebuild for each fleet, the reference before each."""
    spent, reference = [], []
    for known in fleets:
        reference.append(cost_ms(sorted, TUPLES))
        spent.append(cost_ms(build_view, known, options, NOW_MS))
    middle = statistics.median(spent)
    ratio = middle / statistics.median(reference)
    print(
        f"{share:>4.0%} problems  {name:<20}  best {min(spent):5.1f} ms  median {middle:5.1f} ms  "
        f"{ratio:4.1f} x the reference"
    )


def cost_ms(work, *arguments):
    """Processor time of one call."""
    start = time.process_time()
    work(*arguments)
    return (time.process_time() - start) * 1000


if __name__ == "__main__":
    main()
