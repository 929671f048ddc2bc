"""What fail2ban's stock filters make of a log."""

import re
import subprocess
import tempfile

from support.servers import need


def matched(log: str, stock_filter: str) -> int:
    """How many lines of this log the filter (`dovecot[mode=normal]`) counts against the visitor."""
    binary = need("fail2ban-regex", "fail2ban")
    with tempfile.NamedTemporaryFile("w", suffix=".log") as file:
        file.write(log)
        file.flush()
        told = subprocess.run(
            [binary, file.name, stock_filter], check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL
        ).stdout
    found = re.search(r"^Lines: (\d+) lines, \d+ ignored, (\d+) matched", told, re.MULTILINE)
    assert found, told
    assert int(found[1]) == len(log.splitlines()), told
    return int(found[2])


def as_syslog(log: str) -> str:
    """What sshd writes with `-E`, as syslog keeps it: a process for each connection, here numbered by its port."""
    lines = []
    for line in log.splitlines():
        port = re.search(r" port (\d+)", line)
        lines.append(f"Nov 24 03:00:00 host sshd[{port[1] if port else 1}]: {line}\n")
    return "".join(lines)
