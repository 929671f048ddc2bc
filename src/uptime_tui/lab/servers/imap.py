"""An IMAP server: enough of RFC 9051 for a visitor who does not log in."""

from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final = frozenset(
    {
        "busy",
        "refusing",
        "blocked",
        "preauth",
        "login_disabled",
        "no_starttls",
        "starttls_refused",
        "starttls_injection",
        "garbage",
    }
)
_GREETINGS: Final = {
    "busy": b"* BYE [UNAVAILABLE] Too many connections, try again later.\r\n",
    "refusing": b"* BYE [SERVERBUG] The mail store is damaged.\r\n",
    "blocked": b"* BYE [CONTACTADMIN] Access from your network is denied.\r\n",
    "preauth": b"* PREAUTH IMAP4rev1 server logged in as postmaster\r\n",
    "garbage": b"Segmentation fault (core dumped)\r\n",
}


async def serve(visit: Visit) -> None:
    """Greet, answer commands, say goodbye."""
    await visit.say(_GREETINGS.get(visit.state) or f"* OK [{_capabilities(visit)}] Dovecot ready.\r\n".encode())
    if visit.state not in {"busy", "refusing", "blocked"}:
        await visit.answer_lines(_answer)


async def _answer(visit: Visit, line: bytes) -> bool:
    """Answer one command; False when the conversation is over."""
    tag, _, command = line.decode("latin-1").partition(" ")
    match command.upper():
        case "CAPABILITY":
            await visit.say(f"* {_capabilities(visit)}\r\n{tag} OK Capability completed.\r\n".encode())
        case "STARTTLS" if visit.role.tls == "starttls":
            go = f"{tag} OK Begin TLS negotiation now.\r\n".encode()
            refused = f"{tag} BAD TLS support isn't enabled.\r\n".encode()
            return await visit.begin_tls(go, refused=refused, injected=b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")
        case "LOGOUT":
            await visit.say(f"* BYE Logging out\r\n{tag} OK Logout completed.\r\n".encode())
            return False
        case _:
            await visit.say(f"{tag} BAD Error in IMAP command received by server.\r\n".encode())
    return True


def _capabilities(visit: Visit) -> str:
    words = ["CAPABILITY", "IMAP4rev1", "SASL-IR", "IDLE"]
    plain = visit.role.tls == "starttls" and not visit.secured
    if plain and visit.state != "no_starttls":
        words += ["STARTTLS", "LOGINDISABLED"]
    else:
        words.append("LOGINDISABLED" if visit.state == "login_disabled" else "AUTH=PLAIN")
    return " ".join(words)
