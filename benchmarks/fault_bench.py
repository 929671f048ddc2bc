"""The fault bench: a fault at a time in networks of namespaces, and what the program says of it from the watcher there.

Run as root: `python benchmarks/fault_bench.py [--sites 4] [--require] [--peers] [FAULT or GROUP...]`. Goals: status
and failure right in 100 %, the true cause first in 95 % and in the first two in all, at most 30 packets and 5 s each.
With `--require` it fails where one is missed, and says so in a line. With `--peers` the same faults are shown to
blackbox_exporter and the monitoring plugins, where they are installed, and it is counted how many causes the output
of each tells apart.
"""

import argparse
import logging
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from faults.fault import read_table
from faults.names import ALLOWED
from faults.peers import compare
from faults.report import heading, impolite, line, missed, score
from faults.run import run_all
from support.netns import why_not

AGAIN = 6
"""So many faults that came out otherwise are tried again, alone: a busy machine loses packets of its own."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sites", type=int, default=4, help="networks at once")
    parser.add_argument("--require", action="store_true", help="fail where a goal is not reached")
    parser.add_argument("--peers", action="store_true", help="show the faults to other tools as well")
    parser.add_argument("only", nargs="*", help="ids or groups of faults")
    chosen = parser.parse_args()
    if reason := why_not():
        print(reason, file=sys.stderr)
        return 64
    logging.disable(logging.CRITICAL)  # asyncio's, of the servers that are broken on purpose
    faults = [each for each in read_table() if not chosen.only or {each.id, each.group} & set(chosen.only)]
    began_s = time.monotonic()
    print(heading())
    told = run_all(faults, chosen.sites, lambda each: print(line(each), flush=True))
    doubtful = [each.fault for each in told if not each.right or (each.place != 1 and not each.fault.alike)]
    if chosen.require and 0 < len(doubtful) <= AGAIN:
        print(f"once more, one at a time: {', '.join(fault.id for fault in doubtful)}")
        second = {each.fault.id: each for each in run_all(doubtful, 1, lambda each: print(line(each), flush=True))}
        told = [second.get(each.fault.id, each) for each in told]
    print(score(told), f"in {time.monotonic() - began_s:.0f} s")
    breaches = list(impolite(told, ALLOWED))
    print(*breaches or ["no limit was broken"], sep="\n")
    if chosen.peers:
        for words in compare(told, chosen.sites):
            print(words, flush=True)
    if chosen.require and (short := missed(score(told)) or "; ".join(breaches)):
        print(f"fault bench: goal missed: {short}", file=sys.stderr)
        return 1
    return 0 if all(each.right for each in told) and not breaches else 1


if __name__ == "__main__":
    sys.exit(main())
