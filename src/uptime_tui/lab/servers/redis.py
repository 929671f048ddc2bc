"""Redis: reads commands as arrays (RESP) and answers PING and QUIT."""

from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final = frozenset(
    {"no_auth", "loading", "busy_script", "max_clients", "master_down", "cannot_save", "protected", "garbage"}
)
MAX_COMMANDS: Final = 20
_ANSWERS: Final = {
    "no_auth": b"-NOAUTH Authentication required.\r\n",
    "loading": b"-LOADING Redis is loading the dataset in memory\r\n",
    "busy_script": b"-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n",
    "master_down": b"-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
    "cannot_save": b"-MISCONF Redis is configured to save RDB snapshots, but is unable to persist on disk.\r\n",
    "garbage": b"\x00\x17\x2a never heard of it\r\n",
}
_AT_THE_DOOR: Final = {
    "max_clients": b"-ERR max number of clients reached\r\n",
    "protected": b"-DENIED Redis is running in protected mode because no password is set for the default user.\r\n",
}
"""Said before any command, and then it closes."""


async def serve(visit: Visit) -> None:
    """Answer commands until QUIT."""
    refused = _AT_THE_DOOR.get(visit.state)
    if refused is not None:
        await visit.say(refused)
        return
    for _ in range(MAX_COMMANDS):
        command = await _command(visit)
        if command == b"PING":
            await visit.say(_ANSWERS.get(visit.state, b"+PONG\r\n"))
        elif command == b"QUIT":
            await visit.say(b"+OK\r\n")
            return
        elif command:
            await visit.say(b"-ERR unknown command\r\n")
        else:
            return


async def _command(visit: Visit) -> bytes:
    """The next command's name; empty once the visitor has gone or speaks something else."""
    head = await visit.line()
    if head[:1] != b"*" or not head[1:].isdigit():
        return b""
    words = []
    for _ in range(min(int(head[1:]), MAX_COMMANDS)):
        await visit.line()  # the length
        words.append(await visit.line())
    return words[0].upper() if words else b""
