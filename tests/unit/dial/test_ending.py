from uptime_tui.dial.ending import closed, evidence, first_line, injected, seconds
from uptime_tui.model.failure import Failure, Phase
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.result import Evidence


def test_evidence_of_a_plain_conversation():
    good = Outcome(None, "PONG", "+PONG")
    assert evidence(None, good, None, "PONG") == (
        Evidence("greeting", Phase.PROTOCOL, None, "+PONG"),
        Evidence("protocol", Phase.PROTOCOL, ok=True, text="PONG"),
    )
    bad = Outcome(Failure.HTTP_STATUS, "HTTP 500")
    assert evidence(None, bad, Phase.CONTENT, "HTTP 500") == (
        Evidence("content", Phase.CONTENT, ok=False, text="HTTP 500"),
    )
    silent = Outcome(Failure.NO_GREETING, "sent nothing")
    assert [each.id for each in evidence(None, silent, Phase.PROTOCOL, "sent nothing")] == ["protocol"]


def test_sentences():
    assert seconds(0.44) == "0.4 s"
    assert seconds(9.99) == "10 s"
    assert seconds(30) == "30 s"
    assert closed(reset=True) == "connection reset by the peer"
    assert closed(reset=False) == "closed by the peer"
    assert first_line(b"a b\r\nc") == b"a b\r"
    assert injected(b"250 ok\r\nmore") == "plaintext after the STARTTLS reply: '250 ok'"
