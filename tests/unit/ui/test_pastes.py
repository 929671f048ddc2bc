"""A paste through Textual's parser: one event, whatever it holds and however it is split."""

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key, Paste

from uptime_tui.ui.pastes import DOUBT_S, END, MOST_CHARACTERS, PATIENCE_S, START, Pastes

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


class Terminal:
    """Reads and silences, as the input thread has them, on a clock of its own."""

    def __init__(self):
        self.now_s = 100.0
        self.pastes = Pastes(lambda: self.now_s)
        self.parser = XTermParser()

    def _parse(self, typed):
        events = list(self.parser.feed(typed)) if typed else []
        return [f"pasted {event.text}" if isinstance(event, Paste) else event.key for event in events]

    def read(self, data):
        return self._parse(self.pastes.feed(data))

    def nothing_for(self, seconds):
        self.now_s += seconds
        return self._parse(self.pastes.overdue())


def test_keys_work_again_a_second_after_a_paste_whose_end_is_lost():
    terminal = Terminal()
    assert terminal.read(f"{START}mx1\x1bq") == []
    assert terminal.nothing_for(PATIENCE_S / 2) == []
    assert terminal.read("Dy") == []
    assert terminal.nothing_for(PATIENCE_S * 0.9) == []
    assert terminal.nothing_for(PATIENCE_S * 0.2) == ["pasted mx1\\x1bqDy"]
    assert terminal.nothing_for(PATIENCE_S) == []
    assert terminal.read("j") == ["j"]
    assert terminal.read(f"\x1b[A{START}a{END}k") == ["up", "pasted a", "k"]


def test_the_rest_of_a_paste_that_was_late_presses_no_key():
    terminal = Terminal()
    terminal.read(f"{START}first")
    assert terminal.nothing_for(PATIENCE_S) == ["pasted first"]
    assert terminal.read("q" * 4096) == []
    assert terminal.read(f"Dy{END}k") == ["pasted " + ("q" * 4096 + "Dy")[:MOST_CHARACTERS], "k"]
    assert terminal.read("q" * 40) == ["q"] * 40, "its end has come"


@pytest.mark.parametrize("at", range(1, len(END)))
def test_an_end_that_comes_late_in_two_reads_presses_no_key(at):
    terminal = Terminal()
    terminal.read(f"{START}first{END[:at]}")
    assert terminal.nothing_for(PATIENCE_S) == ["pasted first"]
    assert terminal.read(f"{END[at:]}k") == ["pasted ", "k"]


def test_after_a_while_nothing_is_taken_for_the_rest_of_a_lost_paste():
    terminal = Terminal()
    terminal.read(f"{START}first")
    terminal.nothing_for(PATIENCE_S)
    assert terminal.read("jj") == ["j", "j"]
    terminal.nothing_for(DOUBT_S)
    assert terminal.read("k" * 40) == ["k"] * 40


def test_the_beginning_of_a_mark_that_does_not_go_on_is_keys_after_a_while():
    terminal = Terminal()
    terminal.read(START[:4])
    assert terminal.pastes.at_a_mark
    terminal.nothing_for(PATIENCE_S)
    assert not terminal.pastes.at_a_mark
