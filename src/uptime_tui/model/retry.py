"""When a server that turned a probe away wants to be asked again, by its own word (RFC 9110 §10.2.3). Pure."""

import re
from typing import Final

from uptime_tui.model.outcome import Rest
from uptime_tui.model.safetext import safe_text

YEAR_S: Final = 366 * 86_400.0
BREATHER_S: Final = 30.0
_SECONDS: Final = re.compile(rb"\d{1,20}")
_SHOWN: Final = 40

BREATHER: Final = Rest(BREATHER_S, "a server that answers 421 wants to be left alone for a moment", asked=True)
"""After a 421 of SMTP or FTP, which names no time: it is full or about to close, and a visit more makes it worse.
Postfix counts connections by the minute, so that quick tries would prolong what they look at."""


def asked_rest(retry_after: bytes, date: bytes) -> Rest | None:
    """The rest that a Retry-After asks for; None where it asks for none, or nobody understands it.

    Args:
        retry_after: the header's value, seconds or a date.
        date: the Date header of the same answer: what a date is counted from. The server's clock may be wrong, and
            then it is wrong in both.
    """
    seconds = _seconds(retry_after.strip(), date.strip())
    if seconds is None or seconds <= 0:
        return None
    why = f"the server asks for it (Retry-After {safe_text(retry_after, _SHOWN)})"
    return Rest(min(seconds, YEAR_S), why, asked=True)


def _seconds(retry_after: bytes, date: bytes) -> float | None:
    if _SECONDS.fullmatch(retry_after):
        return float(retry_after)
    until_s, now_s = _http_date(retry_after), _http_date(date)
    return None if until_s is None or now_s is None else until_s - now_s


def _http_date(text: bytes) -> float | None:
    """Unix seconds of a date in any of the forms that HTTP knows (RFC 9110 §5.6.7); None where it is none."""
    from email.utils import mktime_tz, parsedate_tz  # few servers say a date, and it takes long to import

    try:
        found = parsedate_tz(text[:_SHOWN].decode("ascii"))
        return None if found is None else float(mktime_tz(found))
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
