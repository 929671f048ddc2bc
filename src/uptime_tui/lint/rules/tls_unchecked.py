"""A certificate that is shown but not judged."""

from collections.abc import Iterator

from uptime_tui.lint.rule import Fleet, Found, Rule


def _find(fleet: Fleet) -> Iterator[Found]:
    for monitor in fleet.open_monitors:
        service, expect = fleet.service(monitor), monitor.expect
        if service is not None and service.tls != "none" and not expect.tls_verify and not expect.tls_pins:
            text = "its certificate is not judged: it may be expired, or anybody's"
            yield Found(monitor.name, text, "expect.tls_verify", {"expect": {"tls_verify": None}})


RULE = Rule(
    "warning",
    "a TLS service whose certificate is not judged",
    "An expired or foreign certificate stops every client while the monitor says up.",
    "Remove tls_verify = false; for a private authority name tls_ca_file, for one certificate of your own tls_pin.",
    _find,
)
