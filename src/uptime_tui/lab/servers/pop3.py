"""A POP3 server: enough of RFC 1939 and 2449 for a visitor who does not log in."""

from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final = frozenset({"busy", "refusing", "no_starttls", "starttls_refused", "starttls_injection", "garbage"})
MAX_COMMANDS: Final = 20
_GREETINGS: Final = {
    "busy": b"-ERR [SYS/TEMP] Temporary system problem, try again later.\r\n",
    "refusing": b"-ERR Your host is not allowed to connect here.\r\n",
    "garbage": b"Segmentation fault (core dumped)\r\n",
}
_WELCOME: Final = b"+OK Dovecot ready.\r\n"


async def serve(visit: Visit) -> None:
    """Greet, answer commands, say goodbye."""
    await visit.say(_GREETINGS.get(visit.state, _WELCOME))
    for _ in range(MAX_COMMANDS):
        command = (await visit.line()).upper()
        if not command or not await _answer(visit, command):
            return


async def _answer(visit: Visit, command: bytes) -> bool:
    """Answer one command; False when the conversation is over."""
    match command:
        case b"CAPA":
            await visit.say(_capabilities(visit))
        case b"STLS" if visit.role.tls == "starttls":
            return await _begin_tls(visit)
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


async def _begin_tls(visit: Visit) -> bool:
    if visit.state == "starttls_refused":
        await visit.say(b"-ERR TLS support isn't enabled.\r\n")
        return True
    if visit.state == "starttls_injection":
        # plaintext that would be taken for the secured server's (CVE-2011-0411)
        await visit.say(b"+OK Begin TLS negotiation now.\r\n+OK Logged in.\r\n")
        await visit.wait_for_end()
        return False
    await visit.say(b"+OK Begin TLS negotiation now.\r\n")
    await visit.secure()
    return True
