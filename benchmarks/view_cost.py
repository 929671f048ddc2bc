"""The view of 10,000 monitors: what one rebuild of the table costs, grouped, unfolded, filtered and sorted.

Run: `python benchmarks/view_cost.py`. The goal is 10 ms at most.
"""

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
            spent = []
            for _ in range(ROUNDS):
                start = time.process_time()
                shown = build_view(known, options, NOW_MS)
                spent.append((time.process_time() - start) * 1000)
            print(
                f"{MONITORS} monitors, {share:.0%} problems, {name}: {len(shown)} rows, "
                f"best {min(spent):.1f} ms, median {statistics.median(spent):.1f} ms of processor time (goal 10 ms)"
            )


if __name__ == "__main__":
    main()
