"""A diagnosis on stdout: lines for people, Markdown, and the contract's JSON."""

import os
import shutil
import time
from collections.abc import Iterator

from uptime_tui.cli import output
from uptime_tui.model.diagnosis import Diagnosis, Suspect
from uptime_tui.model.monitor import Monitor
from uptime_tui.ui.ascii import Ascii, wants_ascii
from uptime_tui.view.diagnosis import diagnosis_lines, relation_text
from uptime_tui.view.report import markdown
from uptime_tui.view.words import UNICODE

_WIDEST = 120


def diagnosis_text(target: str, diagnosis: Diagnosis, *, ascii_wanted: bool | None) -> Iterator[str]:
    """The probe as `check` shows it, then all that was found.

    Args:
        target: as it was asked for.
        diagnosis: of it.
        ascii_wanted: `[ui] ascii` of config.toml; None leaves it to the locale.
    """
    table = Ascii() if wants_ascii(os.environ, wanted=ascii_wanted) else {}
    for text in _lines(target, diagnosis):
        yield text.translate(table)


def _lines(target: str, diagnosis: Diagnosis) -> Iterator[str]:
    yield from output.result_lines(target, diagnosis.failed, None)
    yield ""
    width = max(40, min(_WIDEST, shutil.get_terminal_size((_WIDEST, 24)).columns)) - 2
    for line in diagnosis_lines(diagnosis, width, UNICODE, iso_time):
        yield f"  {''.join(text for text, _ in line)}".rstrip()


def report(monitor: Monitor, diagnosis: Diagnosis) -> list[str]:
    """Markdown, times in ISO 8601 with the zone of this machine."""
    return markdown(monitor, diagnosis, iso_time).splitlines()


def iso_time(unix_ms: int) -> str:
    """`2026-11-24 03:12:07 +0100`."""
    return time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(unix_ms / 1000))


def diagnosis_json(target: str, monitor: Monitor, diagnosis: Diagnosis, *, now_s: float) -> dict[str, object]:
    """What `check --json` prints, with all evidence, causes by evidence, and how far it reaches."""
    base = output.result_json(target, monitor.target.service, diagnosis.failed, None, now_s=now_s)
    return {
        **base,
        "evidence": [output.evidence_json(seen) for seen in diagnosis.evidence],
        "causes": [_suspect_json(suspect) for suspect in diagnosis.suspects],
        "summary": diagnosis.summary,
        "related": [
            {"shared": each.shared, "failing": each.failing, "fine": each.fine, "text": relation_text(each)}
            for each in diagnosis.relations
        ],
        "mail_domain": [output.evidence_json(seen) for seen in diagnosis.audit],
        "took_ms": round(diagnosis.took_ms, 1),
        "packets": diagnosis.packets,
    }


def _suspect_json(suspect: Suspect) -> dict[str, object]:
    return {
        "id": suspect.id,
        "confidence": suspect.confidence,
        "text": suspect.text,
        "check": [check.text for check in suspect.checks if check.text],
        "commands": [check.command for check in suspect.checks if check.command],
        "checks": [
            {
                "text": check.text,
                "verdict": check.verdict,
                "evidence": check.seen,
                "command": check.command,
                "where": check.where,
            }
            for check in suspect.checks
        ],
        "for": suspect.speaks_for,
        "against": suspect.speaks_against,
    }
