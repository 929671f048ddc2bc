"""An FTP server: enough of RFC 959, 2389 and 4217 for a visitor who does not log in."""

from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final = frozenset(
    {"busy", "blocked", "delayed", "misconfigured", "no_starttls", "starttls_refused", "starttls_injection", "garbage"}
)
_WELCOME: Final = b"220 (vsFTPd 3.0.3)\r\n"
_GO: Final = b"234 Proceed with negotiation.\r\n"
_NO_TLS: Final = b"431 Unable to accept security mechanism.\r\n"
_INSTEAD: Final = {
    "busy": b"421 There are too many connected users, please try later.\r\n",
    "blocked": b"421 Connection refused: your host is not allowed.\r\n",
    "misconfigured": b"500 OOPS: failed to open vsftpd log file:/var/log/vsftpd.log\r\n",
}
"""Said instead of a greeting, and then it closes."""


async def serve(visit: Visit) -> None:
    """Greet, answer commands, say goodbye."""
    if visit.state in _INSTEAD:
        await visit.say(_INSTEAD[visit.state])
        return
    if visit.state == "delayed":
        await visit.say(b"120 Service ready in 5 minutes.\r\n")
        await visit.wait_for_end()
        return
    await visit.say(b"Segmentation fault (core dumped)\r\n" if visit.state == "garbage" else _WELCOME)
    await visit.answer_lines(_answer)


async def _answer(visit: Visit, command: bytes) -> bool:
    """Answer one command; False when the conversation is over."""
    match command.upper():
        case b"FEAT":
            await visit.say(_features(visit))
        case b"AUTH TLS" if visit.role.tls == "starttls":
            return await visit.begin_tls(_GO, refused=_NO_TLS, injected=b"230 Login successful.\r\n")
        case b"QUIT":
            await visit.say(b"221 Goodbye.\r\n")
            return False
        case _:
            await visit.say(b"530 Please login with USER and PASS.\r\n")
    return True


def _features(visit: Visit) -> bytes:
    offered = [" EPSV", " PASV", " REST STREAM", " SIZE"]
    if visit.role.tls == "implicit" or visit.state != "no_starttls":
        offered = [" AUTH TLS", *offered, " PBSZ", " PROT"]
    return "".join(f"{line}\r\n" for line in ("211-Features:", *offered, "211 End")).encode()
