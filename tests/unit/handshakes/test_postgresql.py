"""What the byte scripts cannot show of PostgreSQL: a peer whose first letter is the answer that was hoped for."""

import pytest

from uptime_tui.handshakes.postgresql import SSL_REQUEST, handshake, startup
from uptime_tui.model.failure import Failure
from uptime_tui.model.steps import Ask, Receive, Send


def test_ssh_is_named_though_it_begins_like_a_yes():
    talk = handshake(Ask("db.test", 5432, "postgresql", tls="starttls"))
    assert talk.send(None) == Send(SSL_REQUEST)
    assert isinstance(talk.send(b""), Receive)
    with pytest.raises(StopIteration) as end:
        talk.send(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    assert end.value.value.failure is Failure.WRONG_SERVICE


def test_the_startup_message_counts_itself():
    message = startup("uptime_tui")
    assert int.from_bytes(message[:4], "big") == len(message)
    assert message.endswith(b"application_name\0uptime-tui\0\0")
