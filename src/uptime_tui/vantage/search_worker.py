"""A process of its own that searches texts for patterns, so that a pattern without an end ends only this.

Run as a script, on the standard library alone. Python's `re` holds the interpreter's lock for a whole search, and
nothing inside the process can end one; the kernel can: every search arms a timer of processor time whose signal
is left to its default action, which is to terminate. Memory is bounded the same way.
"""

import re
import resource
import signal
import struct
import sys
from typing import BinaryIO, Final

CPU_S: Final = 0.25
"""Processor time of one search."""
MEMORY_BYTES: Final = 384 * 1024 * 1024
LENGTHS: Final = struct.Struct("!II")


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answer `lengths, pattern, text` with `1`, `0`, or `!` where memory ran out, until the input ends."""
    while len(head := incoming.read(LENGTHS.size)) == LENGTHS.size:
        pattern_bytes, text_bytes = LENGTHS.unpack(head)
        pattern = incoming.read(pattern_bytes).decode("utf-8")
        text = incoming.read(text_bytes).decode("utf-8", "replace")
        signal.setitimer(signal.ITIMER_PROF, CPU_S)
        try:
            answer = b"1" if re.search(pattern, text) else b"0"
        except (MemoryError, RecursionError, re.error, OverflowError):
            answer = b"!"
        signal.setitimer(signal.ITIMER_PROF, 0)
        outgoing.write(answer)
        outgoing.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)
