"""PostgreSQL: begins TLS when it is asked, and asks for a login with SCRAM."""

from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final = frozenset({"busy", "starting", "no_entry", "no_starttls", "starttls_injection", "damaged", "garbage"})
_SSL_REQUEST: Final = bytes.fromhex("04d2162f")
_SASL: Final = b"\0\0\0\x0aSCRAM-SHA-256\0\0"
_ERRORS: Final = {
    "busy": (b"53300", b"sorry, too many clients already"),
    "starting": (b"57P03", b"the database system is starting up"),
    "no_entry": (b"28000", b'no pg_hba.conf entry for host "127.57.0.1", user "uptime_tui"'),
    "damaged": (b"XX001", b'could not read block 0 in file "global/1260"'),
}


async def serve(visit: Visit) -> None:
    """Answer SSLRequest and Startup, then wait for the visitor to go."""
    request = await _read(visit)
    if visit.state == "garbage":
        await visit.say(b"Bus error (core dumped)\r\n")
        return
    if request == _SSL_REQUEST:
        if visit.state == "no_starttls":
            await visit.say(b"N")
        elif visit.state == "starttls_injection":
            await visit.say(b"S" + _message(b"R", _SASL))
            await visit.wait_for_end()
            return
        else:
            await visit.say(b"S")
            await visit.secure()
        await _read(visit)
    if visit.state in _ERRORS:
        code, text = _ERRORS[visit.state]
        await visit.say(_message(b"E", b"SFATAL\0VFATAL\0C" + code + b"\0M" + text + b"\0\0"))
        return
    await visit.say(_message(b"R", _SASL))
    await visit.wait_for_end()


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


async def _read(visit: Visit) -> bytes:
    """What follows the length of a message without a kind; empty once the visitor has gone."""
    head = await visit.exactly(4)
    return await visit.exactly(int.from_bytes(head, "big") - 4) if head else b""
