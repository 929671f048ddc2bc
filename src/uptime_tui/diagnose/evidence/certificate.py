"""Whose certificate it is, how it differs from the last good one, and whether the clock or the way is to blame."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import uptime_tui
from uptime_tui.diagnose.case import Case, Means, Neighbour
from uptime_tui.diagnose.relations import same_host
from uptime_tui.model.certificate import DAY_S, Certificate, covers, date_text
from uptime_tui.model.failure import Failure, Phase, Status
from uptime_tui.model.issuer import installer, is_acme, is_public
from uptime_tui.model.result import Evidence
from uptime_tui.model.safetext import safe_text

QUESTION: Final = "Whose certificate is it, and what is different from the last good one?"
STAGE: Final = 0
PACKETS: Final = 0
FACTS: Final = {
    "cert_since": "when it expired, or how long it still holds",
    "cert_as_before": "the same certificate as at the last good probe",
    "cert_changed": "another certificate than at the last good probe",
    "cert_older_than_before": "it ends earlier than the one that was shown before",
    "cert_newer_next_door": "another service of the same host shows a certificate that ends later",
    "cert_same_next_door": "other services of the same host show this very certificate",
    "cert_chain_expired": "a certificate of the chain has expired, the server's own has not",
    "cert_acme": "its authority issues by ACME: it is renewed by machine",
    "cert_bought": "it lives long and comes from an authority: somebody ordered it",
    "cert_default": "a product made it for itself at its installation",
    "cert_was_real": "the last good one was issued by an authority, this one signs itself",
    "cert_name_next_door": "it is for another name that this host serves",
    "cert_names_related": "it is for other names of the same domain",
    "cert_names_none": "it has no subject alternative name, and clients look at nothing else",
    "cert_names_foreign": "it is for names that have nothing to do with the target",
    "cert_address_moved": "the last good probe went to another address",
    "cert_intermediate_missing": "the issuer's certificate was not sent",
    "cert_private_issuer": "the chain that was sent ends in a root that nobody here knows",
    "cert_issuer_nowhere": "its issuer is no public authority and was not sent, and it names no place to fetch it",
    "cert_public_issuer": "a public authority issued it",
    "cert_issuer_changed": "another issuer than at the last good probe",
    "cert_untrusted_everywhere": "certificates of other hosts are not trusted either since then",
    "cert_unfit": "its chain has a flaw that is not one of trust: a weak key or digest, a purpose, a constraint",
    "cert_not_pinned": "it is none of the certificates that the monitor asks for",
    "cert_starts_soon": "it becomes valid within a day",
    "cert_starts_later": "it becomes valid more than a day from now",
    "cert_clock_wrong": "the clock of this machine is wrong",
    "cert_clock_right": "the clock of this machine agrees with certificates of other hosts",
}

_LONG_LIFE_S: Final = 100 * DAY_S
_RECENT_S: Final = 900
_BACK_MS: Final = 60_000
_NOT_TRUSTED: Final = frozenset({Failure.TLS_UNTRUSTED, Failure.TLS_SELF_SIGNED})
_TIMES: Final = frozenset({Failure.TLS_EXPIRED, Failure.TLS_NOT_YET_VALID, Failure.TLS_EXPIRING})


def wants(case: Case) -> bool:
    """A certificate that was seen and refused."""
    certificate, failure = case.result.certificate, case.result.failure
    return certificate is not None and failure is not None and failure in certificate.problems


async def collect(case: Case, means: Means) -> AsyncIterator[Evidence]:  # noqa: ARG001 - it sends nothing
    """What can be read from what is known already."""
    for fact in facts(case, _built_s()):
        yield fact


def facts(case: Case, built_s: float = 0.0) -> Iterator[Evidence]:
    """The same, without a clock.

    Args:
        case: its result has a certificate.
        built_s: Unix time at which this program was installed; it cannot be earlier now.
    """
    now, failure = case.result.certificate, case.result.failure
    assert now is not None
    before = None if case.last_good is None else case.last_good.certificate
    yield from _succession(now, before, case.result.at_ms / 1000, failure)
    if failure in _TIMES:
        yield from _renewal(case, now)
        yield from _clock(case, now, built_s)
    if failure is Failure.TLS_NAME_MISMATCH:
        yield from _names(case, now)
    yield from _making(now, before, failure)
    if failure in _NOT_TRUSTED:
        yield from _trust(case, now, before)


def _succession(
    now: Certificate, before: Certificate | None, at_s: float, failure: Failure | None
) -> Iterator[Evidence]:
    if failure in {Failure.TLS_EXPIRED, Failure.TLS_EXPIRING}:
        word = "ended" if now.not_after < at_s else "ends"
        yield _seen("cert_since", ok=None, text=f"it {word} on {date_text(now.not_after)}, issued by {now.issuer}")
    if before is None:
        return
    if before.sha256 == now.sha256:
        yield _seen("cert_as_before", ok=None, text="the same certificate as at the last good probe")
        return
    was = f"{before.subject}, to {date_text(before.not_after)}"
    yield _seen("cert_changed", ok=None, text=f"it is another certificate than at the last good probe ({was})")
    if now.not_after < before.not_after:
        late = f"the one before was to hold until {date_text(before.not_after)}, this one {date_text(now.not_after)}"
        yield _seen("cert_older_than_before", ok=False, text=late)
    if now.issuer != before.issuer:
        yield _seen("cert_issuer_changed", ok=None, text=f"the issuer was {before.issuer} and is {now.issuer} now")


def _renewal(case: Case, now: Certificate) -> Iterator[Evidence]:
    others = [each for each in same_host(case) if each.certificate]
    newer = [each for each in others if each.certificate != now.sha256 and each.certificate_end > now.not_after]
    if newer:
        ends = date_text(max(each.certificate_end for each in newer))
        text = f"{_listed(newer)} on the same host shows one until {ends}: the renewal did not reach this one"
        yield _seen("cert_newer_next_door", ok=False, text=text)
    same = [each for each in others if each.certificate == now.sha256]
    if same and not newer:
        yield _seen(
            "cert_same_next_door", ok=False, text=f"{_listed(same)} on the same host shows this very certificate"
        )
    if now.not_after > case.result.at_ms / 1000 and case.result.failure is Failure.TLS_EXPIRED:
        late = [each for each in now.chain if each.not_after < case.result.at_ms / 1000]
        ended = f": {late[0].subject}, on {date_text(late[0].not_after)}" if late else ""
        yield _seen(
            "cert_chain_expired", ok=False, text=f"the server's own is good, one of its chain has expired{ended}"
        )
    if is_acme(now.issuer):
        yield _seen("cert_acme", ok=None, text=f"{now.issuer} issues by ACME: a program should renew it")
    elif now.not_after - now.not_before > _LONG_LIFE_S and now.issuer != now.subject:
        days = (now.not_after - now.not_before) // DAY_S
        yield _seen(
            "cert_bought",
            ok=None,
            text=f"it was made for {days} days by {now.issuer}: somebody ordered it",
        )


def _clock(case: Case, now: Certificate, built_s: float) -> Iterator[Evidence]:
    at_s = case.result.at_ms / 1000
    ahead = now.not_before - at_s
    if 0 < ahead <= DAY_S:
        yield _seen(
            "cert_starts_soon",
            ok=None,
            text=f"valid in {ahead / 3600:.1f} hours: clocks or time zones differ",
        )
    elif ahead > 0:
        yield _seen("cert_starts_later", ok=None, text=f"it becomes valid in {ahead / DAY_S:.0f} days")
    why = _clock_fault(case, at_s, built_s)
    recent = [each for each in _strangers(case) if each.certificate and at_s - each.last_ms / 1000 < _RECENT_S]
    good = [each for each in recent if each.status is Status.UP]
    if why:
        yield _seen("cert_clock_wrong", ok=False, text=f"this machine's clock says {date_text(int(at_s))}: {why}")
    elif good:
        text = f"this machine's clock agrees with the certificate of {_listed(good)}"
        yield _seen("cert_clock_right", ok=True, text=text)


def _clock_fault(case: Case, at_s: float, built_s: float) -> str:
    """What shows that our clock is wrong; empty when nothing does."""
    if at_s < built_s - DAY_S:
        return f"this program was installed on {date_text(int(built_s))}, which cannot be later"
    if case.last_good is not None and case.result.at_ms < case.last_good.at_ms - _BACK_MS:
        return f"the last good probe was on {date_text(case.last_good.at_ms // 1000)}, so that it went back"
    failing = [each for each in _strangers(case) if each.failure is case.result.failure]
    if len(failing) >= 2 and case.result.failure is not Failure.TLS_EXPIRING:
        return f"{_listed(failing)}, on other hosts, fail in the same way"
    return ""


def _names(case: Case, now: Certificate) -> Iterator[Evidence]:
    monitor = case.plan.monitor
    host = monitor.expect.tls_name or monitor.target.host
    theirs = sorted({each.monitor.target.host for each in same_host(case)} - {monitor.target.host})
    known = [name for name in theirs if covers(now.names, name)]
    shown = ", ".join(now.names[:3])
    if not now.names:
        text = f"it has no subject alternative name; its subject is {now.subject}, which clients do not look at"
        yield _seen("cert_names_none", ok=False, text=text)
    elif known:
        text = f"it is the certificate of {', '.join(known[:3])}, which this host serves too: its default"
        yield _seen("cert_name_next_door", ok=False, text=text)
    elif any(_related(host, name) for name in now.names):
        yield _seen("cert_names_related", ok=False, text=f"it is for {shown}: the same domain, without {host}")
    else:
        yield _seen("cert_names_foreign", ok=False, text=f"it is for {shown}: nothing to do with {host}")
    was = None if case.last_good is None else case.last_good.address
    if was and case.address and was != case.address and was not in case.addresses:
        yield _seen(
            "cert_address_moved", ok=False, text=f"the last good probe went to {was}, this one to {case.address}"
        )


def _related(host: str, name: str) -> bool:
    """Whether both lie in one domain of at least two labels: `www.example.org`, `example.org`, `*.mail.example.org`."""
    mine, other = (text.lower().removeprefix("*.").rstrip(".").split(".") for text in (host, name))
    return len(mine) >= 2 and len(other) >= 2 and mine[-2:] == other[-2:] and not all(len(x) <= 3 for x in mine[-2:])


def _making(now: Certificate, before: Certificate | None, failure: Failure | None) -> Iterator[Evidence]:
    """Who made it."""
    maker = installer(now.subject, now.issuer)
    if maker:
        yield _seen("cert_default", ok=False, text=f"it is a default certificate ({now.subject}), made by {maker}")
    if failure is Failure.TLS_SELF_SIGNED and before is not None and before.issuer != before.subject:
        text = f"the last good one came from {before.issuer}, this one vouches for itself: the real one is not served"
        yield _seen("cert_was_real", ok=False, text=text)


def _trust(case: Case, now: Certificate, before: Certificate | None) -> Iterator[Evidence]:
    if now.pinned is False:
        how = "the pinned one was shown until now" if before is not None and before.pinned else "it was never shown"
        text = f"its fingerprint {now.sha256[:16]}… is not pinned: {how}"
        yield _seen("cert_not_pinned", ok=False, text=text)
        return
    if now.unfit:
        yield _seen("cert_unfit", ok=False, text=now.unfit)
        return
    public = is_public(now.issuer)
    last = now.chain[-1] if now.chain else None
    if now.missing_intermediate:
        sent = f"{now.chain[0].subject} was sent after it" if now.chain else "one certificate was sent"
        text = f"{sent}, the one of {now.issuer} is missing between it and a root"
        yield _seen("cert_intermediate_missing", ok=False, text=text)
    elif last is not None and last.issuer == last.subject and not is_public(last.subject):
        yield _seen(
            "cert_private_issuer", ok=False, text=f"{last.subject} stands at the end of the chain and is unknown here"
        )
    elif last is None and now.issuer != now.subject and not public:
        text = f"it came alone, and names no place to fetch the certificate of {now.issuer}, as public authorities do"
        yield _seen("cert_issuer_nowhere", ok=False, text=text)
    if public:
        yield _seen("cert_public_issuer", ok=None, text=f"{now.issuer} is a public authority")
    failing = [each for each in _strangers(case) if each.failure in _NOT_TRUSTED and _is_news(each, case)]
    if len(failing) >= 2:
        text = (
            f"{_listed(failing)}, on other hosts, are not trusted either: something between shows its own certificates"
        )
        yield _seen("cert_untrusted_everywhere", ok=False, text=text)


def _is_news(neighbour: Neighbour, case: Case) -> bool:
    """Whether it began about when this failure did; one that has always been so says nothing."""
    return abs(case.result.at_ms - neighbour.since_ms) < 3600_000


def _strangers(case: Case) -> list[Neighbour]:
    """Monitors of other machines."""
    near = {each.monitor.id for each in same_host(case)}
    return [each for each in case.neighbours if each.monitor.id not in near]


def _listed(some: list[Neighbour]) -> str:
    names = [safe_text(each.monitor.name, 40) for each in some]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _built_s() -> float:
    try:
        return Path(uptime_tui.__file__).stat().st_mtime
    except OSError:
        return 0.0


def _seen(id_: str, *, ok: bool | None, text: str) -> Evidence:
    return Evidence(id_, Phase.TLS, ok, text)
