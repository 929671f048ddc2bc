"""MySQL as a stranger."""

from collections.abc import Iterator

from uptime_tui.lint.rule import Fleet, Found, Rule


def _find(fleet: Fleet) -> Iterator[Found]:
    for monitor in fleet.open_monitors:
        service = fleet.service(monitor)
        if service is not None and service.handshake == "mysql" and not monitor.login.user:
            yield Found(monitor.name, "it logs in as a stranger, which the server refuses and logs", "login.user")


RULE = Rule(
    "warning",
    "MySQL without an account",
    "A refused login is a line in its log, which fail2ban counts; after a broken one the probe rests for an hour.",
    "create user 'uptime'@'this-host' identified by '…' without any right, and name it in login.",
    _find,
)
