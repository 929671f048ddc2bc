"""A `[[monitor]]` table to a Monitor: every rule about a monitor's fields is held here."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from uptime_tui.catalogue.service import Service
from uptime_tui.config.expect import MAX_TEXT, expect_faults, is_visible, read_expectations
from uptime_tui.config.http import read_request, request_faults
from uptime_tui.config.lint import rule_faults
from uptime_tui.config.login import login_faults, read_login
from uptime_tui.config.schema import Defaults, MonitorTable
from uptime_tui.model.monitor import (
    DEFAULT_FAILURE_THRESHOLD,
    DEFAULT_SUCCESS_THRESHOLD,
    DEFAULT_TIMEOUT_S,
    AddressFamily,
    Monitor,
)
from uptime_tui.model.safetext import is_safe, one_form, safe_text
from uptime_tui.model.target import Target, TargetError, parse_host, parse_target
from uptime_tui.model.units import MonitorId, format_duration
from uptime_tui.resolve.system import is_address
from uptime_tui.tomlfile.fields import Fault, read_table, seconds

_MAX_NAME: Final = 80
_MAX_COUNT: Final = 100
_MAX_TAGS: Final = 20
_MAX_TIMEOUT_S: Final = 300.0
_MAX_INTERVAL_S: Final = 1_000_000.0
_FAMILIES: Final[dict[str, AddressFamily]] = {"any": 0, "4": 4, "6": 6}


class Services(Protocol):
    """What is needed of the catalogue."""

    @property
    def schemes(self) -> Mapping[str, int | None]:
        """Service name to default port."""

    @property
    def with_path(self) -> frozenset[str]:
        """Services whose target may hold a path."""

    @property
    def ports(self) -> Mapping[int, str]:
        """Well-known port to service name."""

    def get(self, name: str) -> Service:
        """The service of that name."""


def read_draft(table: Mapping[str, Any], services: Services, defaults: Defaults) -> tuple[Monitor | None, list[Fault]]:
    """The monitor of a table, or all that is wrong with it; the id is 0 until the journal has given one."""
    written, faults = read_table(table, MonitorTable)
    if written is None:
        return None, faults
    target = _target(written.target, services, faults)
    faults += _text_faults(written)
    faults += _count_faults(written)
    faults += rule_faults(written.lint_ignore, ("lint_ignore",))
    family = _family(written.address_family, target, faults)
    mail_domain = _mail_domain(written.mail_domain, faults)
    faults += expect_faults(written, target, services)
    faults += request_faults(written.request, written.must_hold)
    service = services.get(target.service) if target else None
    faults += login_faults(written.login, service)
    interval_s, timeout_s = _times(written, service, defaults, faults)
    expect = None if faults else read_expectations(written, timeout_s, faults)
    if target is None or expect is None or faults:
        return None, faults
    monitor = Monitor(
        id=MonitorId(0),
        name=one_form(written.name),
        target=target,
        category=written.category or services.get(target.service).category,
        purpose=written.purpose.strip(),
        interval_s=interval_s,
        timeout_s=timeout_s,
        failure_threshold=written.confirmations or defaults.confirmations or DEFAULT_FAILURE_THRESHOLD,
        success_threshold=written.recoveries or DEFAULT_SUCCESS_THRESHOLD,
        tags=tuple(dict.fromkeys(written.tags)),
        runbook=written.runbook.strip(),
        paused=written.paused,
        mail_domain=mail_domain,
        lint_ignore=tuple(dict.fromkeys(written.lint_ignore)),
        address_family=family,
        addresses=written.addresses,
        expect=expect,
        request=read_request(written.request),
        login=read_login(written.login),
    )
    return monitor, faults


def _target(text: str, services: Services, faults: list[Fault]) -> Target | None:
    try:
        return parse_target(text, schemes=services.schemes, ports=services.ports, with_path=services.with_path)
    except TargetError as error:
        faults.append(Fault(("target",), safe_text(str(error))))
        return None


def _family(written: str | int, target: Target | None, faults: list[Fault]) -> AddressFamily:
    family = _FAMILIES.get(str(written))
    if family is None:
        what = "address_family must be any, 4 or 6"
        faults.append(Fault(("address_family",), what, "write address_family = 4, or leave it out"))
        return 0
    if target is not None and family and is_address(target.host) and (":" in target.host) is not (family == 6):
        what = f"address_family = {family}, but the target is an address of the other kind"
        faults.append(Fault(("address_family",), what, "remove it: a target that is an address has one family"))
    return family


def _mail_domain(text: str, faults: list[Fault]) -> str:
    """In A-labels, whatever it is written in."""
    try:
        name = parse_host(text) if text else ""
    except TargetError as error:
        faults.append(Fault(("mail_domain",), f"mail_domain: {safe_text(str(error))}"))
        return ""
    if is_address(name):
        what = "mail_domain is an address; mail goes to names"
        faults.append(Fault(("mail_domain",), what, 'write mail_domain = "example.net"'))
    return name


def _text_faults(written: MonitorTable) -> Iterator[Fault]:
    name = written.name
    if not 1 <= len(name) <= _MAX_NAME:
        yield Fault(("name",), f"name must be 1 to {_MAX_NAME} characters", "shorten it" if name else "give it a name")
    elif name != name.strip() or not is_safe(name):
        yield Fault(("name",), "name holds needless blanks or invisible characters", "remove them")
    if len(written.category) > 30 or not _is_line(written.category):
        yield Fault(("category",), "category must be at most 30 visible characters", "shorten it")
    for key in ("purpose", "runbook"):
        text = getattr(written, key)
        if len(text) > MAX_TEXT or not is_visible(text):
            yield Fault((key,), f"{key} must be one line of at most {MAX_TEXT} visible characters", "shorten it")
    if len(written.tags) > _MAX_TAGS:
        yield Fault(("tags",), f"more than {_MAX_TAGS} tags", "remove some")
    elif not all(1 <= len(tag) <= 40 and _is_line(tag) for tag in written.tags):
        yield Fault(("tags",), "a tag must be 1 to 40 visible characters", "shorten or remove it")


def _is_line(text: str) -> bool:
    return text == text.strip() and is_safe(text)


def _count_faults(written: MonitorTable) -> Iterator[Fault]:
    for key in ("confirmations", "recoveries"):
        count = getattr(written, key)
        if count is not None and not 1 <= count <= _MAX_COUNT:
            yield Fault((key,), f"{key} must be 1 to {_MAX_COUNT}", f"write {key} = 3")


def _times(
    written: MonitorTable, service: Service | None, defaults: Defaults, faults: list[Fault]
) -> tuple[float, float]:
    interval_s = seconds(("interval",), written.interval, faults)
    timeout_s = seconds(("timeout",), written.timeout, faults)
    if interval_s is not None and interval_s > _MAX_INTERVAL_S:
        faults.append(Fault(("interval",), "interval is longer than 1,000,000 s", "write at most 11d"))
    minimum_s = service.min_interval_s if service else 0.0
    if service and interval_s is not None and interval_s < minimum_s:
        shortest = format_duration(minimum_s)
        what = f"interval is below the minimum for {service.name}, {shortest}: more often is not polite"
        faults.append(Fault(("interval",), what, f'write interval = "{shortest}" or more'))
    usual_s = max(minimum_s, defaults.interval_s or (service.interval_s if service else 60.0))
    chosen_s = interval_s if interval_s is not None else usual_s
    if timeout_s is not None and not 0.05 <= timeout_s <= _MAX_TIMEOUT_S:
        faults.append(Fault(("timeout",), "timeout must be 50ms to 5m", 'write timeout = "10s"'))
    elif timeout_s is not None and timeout_s > chosen_s:
        what = f"timeout is longer than the interval, {format_duration(chosen_s)}"
        faults.append(Fault(("timeout",), what, "shorten the timeout or lengthen the interval"))
    fallback_s = min(defaults.timeout_s or DEFAULT_TIMEOUT_S, chosen_s)
    return chosen_s, timeout_s if timeout_s is not None else fallback_s
