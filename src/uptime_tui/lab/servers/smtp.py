"""A mail server for port 25, submission and SMTPS: enough of RFC 5321 for a visitor who leaves no mail."""

from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final = frozenset(
    {"busy", "refusing", "blocked", "no_starttls", "starttls_refused", "starttls_injection", "ehlo_refused", "garbage"}
)
_GO: Final = b"220 2.0.0 Ready to start TLS\r\n"
_NO_TLS: Final = b"454 4.7.0 TLS not available due to local problem\r\n"


async def serve(visit: Visit) -> None:
    """Greet, answer commands, say goodbye."""
    await visit.say(_greeting(visit))
    if visit.state != "busy":
        await visit.answer_lines(_answer)


def _greeting(visit: Visit) -> bytes:
    host = visit.role.host
    match visit.state:
        case "busy":
            return f"421 4.7.0 {host} Error: too many connections from your address\r\n".encode()
        case "refusing":
            return f"554 {host} No SMTP service here\r\n".encode()
        case "blocked":
            return f"554 5.7.1 {host} Client host rejected: Access denied\r\n".encode()
        case "garbage":
            return b"Segmentation fault (core dumped)\r\n"
        case _:
            return f"220 {host} ESMTP Postfix\r\n".encode()


async def _answer(visit: Visit, command: bytes) -> bool:
    """Answer one command; False when the conversation is over."""
    match command.upper().split(b" ")[0]:
        case b"EHLO" | b"HELO":
            await visit.say(_capabilities(visit))
        case b"STARTTLS" if visit.role.tls == "starttls":
            return await visit.begin_tls(_GO, refused=_NO_TLS, injected=b"250 AUTH PLAIN\r\n")
        case b"QUIT":
            await visit.say(b"221 2.0.0 Bye\r\n")
            return False
        case _:
            await visit.say(b"502 5.5.2 Error: command not recognized\r\n")
    return True


def _capabilities(visit: Visit) -> bytes:
    if visit.state == "ehlo_refused":
        return b"550 5.7.1 Your host has a bad reputation\r\n"
    offered = ["PIPELINING", "SIZE 52428800"]
    if visit.role.tls == "starttls" and not visit.secured and visit.state != "no_starttls":
        offered.append("STARTTLS")
    if visit.secured and visit.role.service != "smtp":
        offered.append("AUTH PLAIN LOGIN")
    lines = [f"250-{visit.role.host}", *(f"250-{each}" for each in offered), "250 8BITMIME"]
    return "".join(f"{line}\r\n" for line in lines).encode()
