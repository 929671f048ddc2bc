"""Everything that goes to stderr, and the exit codes."""

import errno
import os
import sys
from typing import Final

from uptime_tui import __version__
from uptime_tui.model.failure import Status
from uptime_tui.model.safetext import safe_text

USAGE: Final = 64
BUG: Final = 70
INTERRUPTED: Final = 130
_LINE: Final = 400
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})

EXIT_CODES: Final = {Status.UP: 0, Status.DEGRADED: 1, Status.DOWN: 2, Status.UNKNOWN: 3}
_WORST_FIRST: Final = (Status.DOWN, Status.UNKNOWN, Status.DEGRADED, Status.UP)


def open_streams() -> None:
    """Give a closed stdin, stdout or stderr a place to go, before a socket or a journal gets its number.

    Some schedulers and service managers start programs with them closed (`>&-`); Python has None for them then.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:  # the lowest number that is free (open(2))
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


def exit_code(statuses: list[Status]) -> int:
    """The exit code of the worst status; down before unknown before degraded, as a pager wants it."""
    worst = next((status for status in _WORST_FIRST if status in statuses), Status.UNKNOWN)
    return EXIT_CODES[worst]


def say(line: str) -> None:
    """One line on stderr; a closed stderr is nobody's fault."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"uptime-tui: {safe_text(line, _LINE)}\n")
        sys.stderr.flush()
    except OSError:
        sys.stderr = None


def usage(line: str) -> int:
    """A fault of the input or the environment."""
    say(line)
    return USAGE


def broken_pipe() -> int:
    """The reader of stdout went away (`| head`): end quietly, and keep Python from complaining at exit."""
    _drop_stdout()
    return 0


def flushed(code: int) -> int:
    """Flush stdout so that a full disk or a closed pipe is noticed here and not after main has ended."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return broken_pipe()
    except OSError as error:
        _drop_stdout()
        return usage(f"standard output: {error.strerror}")
    return code


def _drop_stdout() -> None:
    """What is still buffered goes nowhere, so that Python does not complain once more at its end."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


def bug(error: Exception) -> int:
    """A bug of ours, unless a disk is full: a line on the screen, the traceback (without values) in the user's file."""
    import tempfile
    import traceback

    if isinstance(error, OSError) and error.errno in _FULL:
        _drop_stdout()
        return usage(f"{error.strerror} (make room, then repeat it)")

    report = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile("w", prefix="uptime-tui-bug-", suffix=".txt", delete=False) as file:
            file.write(f"uptime-tui {__version__}, Python {sys.version}\n\n{report}")
        kept = f"; the details are in {file.name}, please report them"
    except OSError:
        kept = ""
    say(f"this is a bug of uptime-tui: {type(error).__name__}: {safe_text(str(error), 120)}{kept}")
    return BUG
