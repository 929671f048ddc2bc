"""Does the first router answer? Asked by a connection to a port that nobody serves: a refusal is an answer."""

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path
from typing import Final

from uptime_tui.dial.direct import DialEnd, Dialler
from uptime_tui.engine.routes import PROC_NET, is_neighbour_known

PORT: Final = 9
"""Discard (RFC 863)."""
TEST_S: Final = 4.0
"""The kernel looks for a neighbour's hardware address for 3 s."""


class Gateway:
    """Tests one gateway at a time.

    Args:
        loop: the clock.
        proc_net: the kernel's tables.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, proc_net: Path = PROC_NET) -> None:
        self._loop = loop
        self._proc_net = proc_net
        self._dialler: Dialler | None = None
        self._busy = False

    def test(self, address: str, done: Callable[[bool | None], None]) -> None:
        """Have `done` told whether it answers, None when that cannot be known; nobody is told of a second test."""
        if self._busy:
            return
        self._busy = True
        if self._dialler is None:
            self._dialler = Dialler(self._loop)
        self._dialler.dial(address, PORT, None, self._loop.time() + TEST_S, lambda end: self._tested(end, done))

    def _tested(self, end: DialEnd, done: Callable[[bool | None], None]) -> None:
        self._busy = False
        done(self._verdict(end))

    def _verdict(self, end: DialEnd) -> bool | None:
        if end.errno in {0, errno.ECONNREFUSED}:
            return True
        if end.at_once or end.kept_in:
            return None  # our own rules: nothing was asked
        if end.errno == errno.EHOSTUNREACH and end.offender is not None and end.offender.address == end.source:
            return False
        try:
            return None if is_neighbour_known(end.address, self._proc_net) else False
        except OSError:
            return None

    def close(self) -> None:
        """Free its descriptors."""
        if self._dialler is not None:
            self._dialler.close()
