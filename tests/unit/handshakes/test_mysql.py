"""What the byte scripts cannot show of a MySQL login: how long a server is left alone after it, and the way out of TLS."""

import tomllib

import pytest

from support.bytescript import FOLDER, NOISE, play, read_script
from uptime_tui.handshakes.mysql import BAN_S, BLOCKED, HOUR_S, RARELY, REFUSED, caution, farewell, handshake
from uptime_tui.model.failure import Failure
from uptime_tui.model.secret import Credentials, Secret
from uptime_tui.model.steps import Ask, Receive, Send, StartTls


def outcome_of(name):
    script = read_script(FOLDER / "mysql" / f"{name}.toml")
    whole = tuple((data,) for kind, data in script.dialogue if kind == "peer")
    return play(script, whole)


@pytest.mark.parametrize(
    ("name", "rest"),
    [
        ("refused", REFUSED),
        ("decoy_ed25519", REFUSED),
        ("account_refused", REFUSED),
        ("account", None),
        ("password", None),
        ("busy", None),
        ("not_allowed", None),
        ("shutdown", None),
        ("ssh", None),
        ("blocked", BLOCKED),
        ("unknown_plugin", RARELY),
        ("old_password", RARELY),
        ("sha2_full_plain", RARELY),
        ("closed", RARELY),
        ("closed_in_login", RARELY),
        ("nonsense", RARELY),
        ("ssl_required", RARELY),
        ("other_error", RARELY),
        ("endless", RARELY),
    ],
)
def test_a_server_that_counts_is_left_alone(name, rest):
    assert outcome_of(name).rest == rest


def test_rests_are_long_enough():
    assert HOUR_S == 3600
    assert BAN_S * 4 > 600, "fail2ban's mysqld-auth: 5 in 10 minutes"


def test_a_conversation_cut_short_rests_unless_a_login_will_clear_the_count():
    assert caution(Ask("db.test", 3306, "mysql")) == RARELY
    assert caution(Ask("db.test", 3306, "mysql", user="uptime")) is None


def test_an_account_that_is_not_there_was_answered_too_short():
    script = read_script(FOLDER / "mysql" / "switch_native_account.toml")
    denied = b"\x1f\x00\x00\x04\xff\x15\x04#28000Access denied for user x"
    talk = handshake(script.ask)
    peers = [*[data for kind, data in script.dialogue if kind == "peer"][:2], denied]
    assert _end(talk, peers).rest == RARELY


def _end(talk, peers):
    """The outcome after these deliveries, one for each wait."""
    step = talk.send(None)
    try:
        while True:
            step = talk.send(peers.pop(0) if isinstance(step, Receive) else b"")
    except StopIteration as end:
        return end.value


def test_a_refused_certificate_is_left_by_a_login_without_a_password():
    talk = farewell(
        Ask(
            "db.test",
            3306,
            "mysql",
            tls="starttls",
            user="uptime",
            login=Credentials(Secret("secret"), "uptime"),
            noise=NOISE,
        )
    )
    said = talk.send(None)
    assert isinstance(said, Send)
    assert said.data[3] == 2, "after the greeting and the SSLRequest"
    assert b"uptime\x00\x00mysql_native_password\x00" in said.data
    assert isinstance(talk.send(b""), Receive)
    with pytest.raises(StopIteration) as end:
        talk.send(b"\x1f\x00\x00\x03\xff\x15\x04#28000Access denied for user x")
    assert end.value.value.rest == REFUSED


def test_plaintext_behind_the_greeting_is_no_part_of_the_login():
    dialogue = tomllib.loads((FOLDER / "mysql" / "refused_tls.toml").read_text())["dialogue"]
    greeting = dialogue[0]["peer"].encode("latin-1")
    talk = handshake(Ask("db.test", 3306, "mysql", tls="starttls", noise=NOISE))
    talk.send(None)
    with pytest.raises(StopIteration) as end:
        talk.send(greeting + b"\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00")
    assert end.value.value.failure is Failure.STARTTLS_INJECTION


def test_a_password_is_never_said_before_tls_nor_shown():
    ask = Ask(
        "db.test",
        3306,
        "mysql",
        tls="starttls",
        user="uptime",
        login=Credentials(Secret("secret"), "uptime"),
        noise=NOISE,
    )
    assert "'secret'" not in repr(ask)
    dialogue = tomllib.loads((FOLDER / "mysql" / "password.toml").read_text())["dialogue"]
    talk = handshake(ask)
    talk.send(None)
    sent = talk.send(dialogue[0]["peer"].encode("latin-1"))
    assert b"uptime" not in sent.data
    assert isinstance(talk.send(b""), StartTls)
