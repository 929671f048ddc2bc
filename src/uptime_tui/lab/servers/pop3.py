"""A POP3 server: enough of RFC 1939 and 2449 for a visitor who does not log in."""

from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final = frozenset(
    {"busy", "refusing", "blocked", "no_starttls", "starttls_refused", "starttls_injection", "garbage"}
)
_GREETINGS: Final = {
    "busy": b"-ERR [SYS/TEMP] Temporary system problem, try again later.\r\n",
    "refusing": b"-ERR [SYS/PERM] The mail store is damaged.\r\n",
    "blocked": b"-ERR Your host is not allowed to connect here.\r\n",
    "garbage": b"Segmentation fault (core dumped)\r\n",
}
_WELCOME: Final = b"+OK Dovecot ready.\r\n"
_GO: Final = b"+OK Begin TLS negotiation now.\r\n"
_NO_TLS: Final = b"-ERR TLS support isn't enabled.\r\n"


async def serve(visit: Visit) -> None:
    """Greet, answer commands, say goodbye."""
    await visit.say(_GREETINGS.get(visit.state, _WELCOME))
    await visit.answer_lines(_answer)


async def _answer(visit: Visit, command: bytes) -> bool:
    """Answer one command; False when the conversation is over."""
    match command.upper():
        case b"CAPA":
            await visit.say(_capabilities(visit))
        case b"STLS" if visit.role.tls == "starttls":
            return await visit.begin_tls(_GO, refused=_NO_TLS, injected=b"+OK Logged in.\r\n")
        case b"QUIT":
            await visit.say(b"+OK Logging out\r\n")
            return False
        case _:
            await visit.say(b"-ERR Unknown command.\r\n")
    return True


def _capabilities(visit: Visit) -> bytes:
    offered = ["TOP", "UIDL", "RESP-CODES"]
    plain = visit.role.tls == "starttls" and not visit.secured
    offered += ["STLS"] if plain and visit.state != "no_starttls" else ["USER", "SASL PLAIN"]
    return "".join(f"{line}\r\n" for line in ("+OK", *offered, ".")).encode()
