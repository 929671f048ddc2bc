"""Everything that goes to stdout: lines for people, and the JSON of the contract."""

import sys
from collections.abc import Sequence

import msgspec

from uptime_tui.knowledge.entry import Hints
from uptime_tui.model.certificate import Certificate
from uptime_tui.model.errors import UserError
from uptime_tui.model.monitor import Monitor
from uptime_tui.model.result import Evidence, Result
from uptime_tui.model.units import format_duration
from uptime_tui.view.cells import cell_width, fit


def line(text: str) -> None:
    """One line."""
    _write(f"{text}\n")


def json_line(value: object) -> None:
    """One JSON object on one line, flushed: scripts read it while the next target is still being probed."""
    _write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UserError(f"standard output: {error.strerror}", todo="what was printed is incomplete") from error


def result_json(target: str, service: str, result: Result, hints: Hints | None, *, now_s: float) -> dict[str, object]:
    """The contract's object for one probe.

    Args:
        target: as the user wrote it.
        service: the catalogue's name.
        result: of the probe; `timings_ms` are milliseconds, null where a phase was not reached.
        hints: what the knowledge base says about the failure; None on success.
        now_s: Unix time, for `days_left`.
    """
    timings = result.timings
    return {
        "target": target,
        "service": service,
        "status": result.status,
        "failure": result.failure,
        "phase": result.phase,
        "detail": result.detail,
        "address": result.address,
        "port": result.port,
        "vantage": result.vantage,
        "timings_ms": {
            "dns": _ms(timings.dns),
            "connect": _ms(timings.connect),
            "tls": _ms(timings.tls),
            "protocol": _ms(timings.protocol),
            "total": _ms(timings.total),
        },
        "certificate": certificate_json(result.certificate, now_s=now_s) if result.certificate else None,
        "evidence": [evidence_json(item) for item in result.facts],
        "causes": [] if hints is None else _causes_json(hints),
    }


def certificate_json(certificate: Certificate, *, now_s: float) -> dict[str, object]:
    """The contract's certificate object; times in ISO 8601, UTC."""
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": certificate.names,
        "not_before": iso_text(certificate.not_before),
        "not_after": iso_text(certificate.not_after),
        "days_left": round(certificate.days_left(now_s), 1),
        "sha256": certificate.sha256,
        "problems": certificate.problems,
    }


def result_lines(target: str, result: Result, hints: Hints | None) -> list[str]:
    """One probe for a person: the finding first, then the likeliest cause and what to check."""
    total = f"{result.timings.total:.0f} ms" if result.timings.total is not None else "–"
    place = f"{_bracketed(result.address)}:{result.port}" if result.address else ""
    head = "  ".join(part for part in (f"{result.status.upper():<8}", target, place, total) if part)
    why = f"{result.failure} in {result.phase}: " if result.failure and result.phase else ""
    why = why or (f"{result.failure}: " if result.failure else "")
    lines = [head, f"          {why}{result.detail}"]
    if result.certificate and result.certificate.problems:
        lines.append(f"          certificate: {', '.join(result.certificate.problems)}")
    if result.rest is not None:
        lines.append(f"          not again within {format_duration(result.rest.seconds)}: {result.rest.why}")
    if hints is not None and hints.causes:
        cause = hints.causes[0]
        lines.append(f"          likely: {cause.text}")
        for item in cause.items[:2]:
            lines.append(f"          check:  {item.text}")
            lines.extend(
                f"          {word}    {text}" for word, text in (("run:", item.command), ("see:", item.where)) if text
            )
        lines.extend(f"          run:    {text}" for text in cause.commands[:1])
    return lines


def monitor_json(monitor: Monitor, target: str) -> dict[str, object]:
    """A monitor as `list --json` prints it; durations in seconds."""
    return {
        "name": monitor.name,
        "target": target,
        "service": monitor.target.service,
        "category": monitor.category,
        "purpose": monitor.purpose,
        "interval_s": monitor.interval_s,
        "timeout_s": monitor.timeout_s,
        "tags": monitor.tags,
        "paused": monitor.paused,
        "expect": "closed" if monitor.expect.closed else None,
    }


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as columns two blanks apart; the last column is as long as it is."""
    if not rows:
        return []
    widths = [max(cell_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(fit(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def interval_text(monitor: Monitor) -> str:
    """`60s` as `1m`."""
    return format_duration(monitor.interval_s)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _ms(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def iso_text(unix_s: int) -> str:
    """A time in ISO 8601, UTC."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def evidence_json(item: Evidence) -> dict[str, object]:
    """One fact of the contract's `evidence`."""
    return {"id": item.id, "phase": item.phase, "ok": item.ok, "text": item.text}


def _causes_json(hints: Hints) -> list[dict[str, object]]:
    return [
        {"id": c.id, "confidence": c.weight, "text": c.text, "check": c.checks, "commands": c.every_command}
        for c in hints.causes
    ]
