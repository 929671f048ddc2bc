import pytest

from uptime_tui.handshakes._readers import LINE_BYTES, Inbox, Reply, Unreadable, concluding, read_reply, take_leave
from uptime_tui.model.failure import Failure
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.steps import Conclude, Receive, Send


def read(talk, *chunks):
    """Drive a reader with chunks, and `b""` ever after."""
    incoming = iter(chunks)
    talk.send(None)
    try:
        while True:
            talk.send(next(incoming, b""))
    except StopIteration as end:
        return end.value


def test_lines_across_and_within_chunks():
    inbox = Inbox("SMTP")
    assert read(inbox.read_line("a line"), b"on", b"e\r", b"\ntwo\nrest") == b"one"
    with pytest.raises(StopIteration) as end:
        inbox.read_line("a line").send(None)
    assert end.value.value == b"two"
    assert inbox.pending == b"rest"
    assert inbox.said == "one"
    assert inbox.first == b"one\r\ntwo\nrest"


def test_line_of_the_full_length_and_one_more():
    full = b"x" * LINE_BYTES
    assert read(Inbox("SMTP").read_line("a line"), full + b"\r\n") == full
    for chunks in ([full + b"xx\r\n"], [full, b"xx"], [full + b"x", b"x"]):
        with pytest.raises(Unreadable) as found:
            read(Inbox("SMTP").read_line("a line"), *chunks)
        assert found.value.outcome.failure is Failure.BAD_PROTOCOL


def test_exactly_so_many_bytes_across_and_within_chunks():
    inbox = Inbox("MongoDB")
    assert read(inbox.read_exactly(4, "a header"), b"\x01", b"\x02\x03", b"\x04\x05\x06") == b"\x01\x02\x03\x04"
    assert inbox.pending == b"\x05\x06"
    assert inbox.first == b"\x01\x02\x03\x04\x05\x06"
    assert read(inbox.read_exactly(3, "the rest"), b"\x07") == b"\x05\x06\x07"
    assert read(inbox.read_exactly(1, "one more"), b"\x08") == b"\x08"


@pytest.mark.parametrize(
    ("chunks", "outcome"),
    [
        ([], Outcome(Failure.CLOSED_EARLY, "closed by the peer before a header")),
        ([b"\x01\x02"], Outcome(Failure.CLOSED_EARLY, "closed by the peer before a header was complete", r"\x01\x02")),
        ([b"220 mx ESMTP"], Outcome(Failure.WRONG_SERVICE, "SMTP answers here, not MongoDB", "220 mx ESMTP")),
    ],
)
def test_closed_before_so_many_bytes(chunks, outcome):
    with pytest.raises(Unreadable) as found:
        read(Inbox("MongoDB").read_exactly(16, "a header"), *chunks)
    assert found.value.outcome == outcome


@pytest.mark.parametrize(
    ("chunks", "outcome"),
    [
        (
            [b"220 ", b"mx ES", b"MTP\r\n"],
            Outcome(Failure.WRONG_SERVICE, "SMTP answers here, not MySQL", "220 mx ESMTP"),
        ),
        ([b"220 ", b"mx ESMTP"], Outcome(Failure.WRONG_SERVICE, "SMTP answers here, not MySQL", "220 mx ESMTP")),
        ([b"\x00\x01\x02\x03"], Outcome(Failure.BAD_PROTOCOL, r"'\x00\x01\x02\x03' is no packet", r"\x00\x01\x02\x03")),
        ([b"hello ", b"there\r", b"\n"], Outcome(Failure.BAD_PROTOCOL, "'hello there' is no packet", "hello there")),
        ([b"x" * 70], Outcome(Failure.BAD_PROTOCOL, f"'{'x' * 64}' is no packet", "x" * 64)),
    ],
)
def test_whoever_speaks_text_is_read_until_it_can_be_named(chunks, outcome):
    inbox = Inbox("MySQL")

    def talk():
        yield from inbox.read_exactly(4, "the greeting")
        return (yield from inbox.read_foreign("is no packet"))

    assert read(talk(), *chunks) == outcome


@pytest.mark.parametrize(
    ("data", "reply"),
    [
        (b"250 ok\r\n", Reply(250, "250 ok", (b"ok",))),
        (b"250\r\n", Reply(250, "250", (b"",))),
        (b"250-a\r\n250-b\r\n250 c\r\n", Reply(250, "250 c", (b"a", b"b", b"c"))),
    ],
)
def test_replies(data, reply):
    assert read(read_reply(Inbox("SMTP"), "a reply"), data) == reply


@pytest.mark.parametrize("data", [b"\r\n", b"25\r\n", b"250x\r\n", b"150 x\r\n", b"+50 x\r\n", b"250-a\r\n251 b\r\n"])
def test_no_replies(data):
    with pytest.raises(Unreadable):
        read(read_reply(Inbox("SMTP"), "a reply"), data)


def test_what_is_unreadable_becomes_the_outcome():
    inbox = Inbox("SMTP")

    def talk():
        yield from inbox.read_line("the greeting")
        return Outcome(None, "never")

    assert read(concluding(talk())) == Outcome(Failure.CLOSED_EARLY, "closed by the peer before the greeting")


def test_closed_says_how_much_of_the_line_had_come():
    def talk():
        yield from inbox.read_line("the greeting")
        yield from inbox.read_line("the answer to EHLO")
        return Outcome(None, "never")

    inbox = Inbox("SMTP")
    nothing = read(concluding(talk()), b"220 mx\r\n")
    assert nothing == Outcome(Failure.CLOSED_EARLY, "closed by the peer before the answer to EHLO", "220 mx")
    inbox = Inbox("SMTP")
    half = read(concluding(talk()), b"220 mx\r\n25")
    assert half.detail == "closed by the peer before the answer to EHLO was complete"


def test_whoever_takes_leave_lets_the_server_close():
    outcome = Outcome(None, "ready")
    talk = take_leave(outcome, b"QUIT\r\n")
    assert next(talk) == Conclude(outcome)
    assert talk.send(b"") == Send(b"QUIT\r\n")
    assert talk.send(b"") == Receive()
    for said in (b"500 what?\r\n", b"\x00" * 5000):
        assert talk.send(said) == Receive()
    with pytest.raises(StopIteration) as end:
        talk.send(b"")
    assert end.value.value is outcome
