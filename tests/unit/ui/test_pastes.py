"""A paste through Textual's parser: one event, whatever it holds and however it is split."""

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste

from uptime_tui.ui.pastes import END, MOST_CHARACTERS, START, Pastes

HOSTILE = "mx1\x1bq\x1b[31mDy\x1b\x1b[Aq\x1b[20\x1b[200~\x1b[I\x1b[<0;1;1Mq"
SHOWN = "mx1\\x1bq\\x1b[31mDy\\x1b\\x1b[Aq\\x1b[20\\x1b[200~\\x1b[I\\x1b[<0;1;1Mq"


def events_of(*reads):
    parser, pastes, events = XTermParser(), Pastes(), []
    for read in reads:
        typed = pastes.feed(read)
        if typed:
            events += parser.feed(typed)
    return [event.text if isinstance(event, Paste) else event.key for event in events]


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        ("db3:5432", "db3:5432"),
        (HOSTILE, SHOWN),
        ("\x1b", "\\x1b"),
        ("a\x9b31mb\x07c\u202ed\x00", "a\\x9b31mb\\x07c\\u202ed\\x00"),
        ("\r\n  \r\nfirst\r\nsecond\n", "first\nsecond"),
        ("", ""),
        (" a ", " a "),
    ],
)
def test_it_is_one_event_at_every_split(pasted, text):
    typed = f"j{START}{pasted}{END}k"
    for at in range(len(typed) + 1):
        assert events_of(typed[:at], typed[at:]) == ["j", text, "k"]
    assert events_of(*typed) == ["j", text, "k"]


def test_two_pastes_and_the_keys_between_them_stay_apart():
    assert events_of(f"{START}a{END}j{START}\x1bb{END}\x1b[A") == ["a", "j", "\\x1bb", "up"]


def test_a_mark_in_the_pasted_text_does_not_end_it():
    assert events_of(f"j{START}a{END}qDy{END}k") == ["j", "a\\x1b[201~qDy", "k"]
    assert events_of(f"{START}a{END}qDy{END}j{START}b{END}k") == ["a\\x1b[201~qDy", "j", "b", "k"]


def test_a_megabyte_is_cut_and_its_end_is_found():
    assert events_of(START, *["x" * 4096] * 256, "\x1b[2", "01~q") == ["x" * MOST_CHARACTERS, "q"]


def test_a_mark_that_comes_late_is_waited_for():
    pastes = Pastes()
    assert not pastes.at_a_mark
    assert pastes.feed("\x1b") == "\x1b"
    assert not pastes.at_a_mark, "that may be the key Escape"
    assert pastes.feed("[20") == "[20"
    assert pastes.at_a_mark
    assert pastes.feed("0~a") == "0~"
    assert not pastes.at_a_mark
    assert pastes.feed(END) == f"a{END}"


def test_a_paste_whose_mark_was_taken_for_escape_is_a_paste_all_the_same():
    parser, pastes = XTermParser(), Pastes()
    list(parser.feed(pastes.feed("\x1b")))
    parser._timeout_time = 0.0
    assert [event.key for event in parser.tick() if isinstance(event, Key)] == ["escape"]
    pastes.timed_out()
    events = list(parser.feed(pastes.feed(f"[200~q\x1bq{END}")))
    assert [event.text for event in events] == ["q\\x1bq"]
