"""Services that are not spoken to yet: they greet where their protocol does, and wait for the visitor to go."""

from typing import Final

from uptime_tui.lab.visit import Visit

STATES: Final[frozenset[str]] = frozenset()
_GREETINGS: Final = {
    "imap": "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] Dovecot ready.\r\n",
    "imaps": "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] Dovecot ready.\r\n",
    "pop3": "+OK Dovecot ready.\r\n",
    "pop3s": "+OK Dovecot ready.\r\n",
    "ssh": "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "sftp": "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "ftp": "220 (vsFTPd 3.0.3)\r\n",
}


async def serve(visit: Visit) -> None:
    """Greet and listen; nothing that is said gets an answer."""
    greeting = _GREETINGS.get(visit.role.service)
    if greeting:
        await visit.say(greeting.encode())
    await visit.wait_for_end()
