import pickle

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.model.safetext import safe_text
from uptime_tui.model.secret import HIDDEN, Credentials, Secret, forms, parse_reference, scrub

VALUE = 'Tr0ub4dor&3 "quoted" <x>'


def test_nothing_shows_a_secret():
    secret = Secret(VALUE)
    login = Credentials(secret, "uptime")
    for shown in (repr(secret), str(secret), f"{secret}", f"{login}", repr([login])):
        assert "Tr0ub" not in shown
    for store in (pickle.dumps, msgspec.json.encode, msgspec.msgpack.encode):
        with pytest.raises(TypeError):
            store(secret)
    assert secret.reveal() == VALUE
    assert secret == Secret(VALUE) != Secret("x")


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("env:DB_PW", "env", "DB_PW"),
        ("file:/etc/uptime-tui/token", "file", "/etc/uptime-tui/token"),
        ("cred:db.pw", "cred", "db.pw"),
        ("keyring:uptime/api", "keyring", "uptime/api"),
    ],
)
def test_references(text, kind, place):
    assert parse_reference(text) == (kind, place)
    assert str(parse_reference(text)) == text


@pytest.mark.parametrize(
    "text",
    ["hunter2", "hunter2:x", "env:", "env:hunter-2", "file:hunter2", "cred:../hunter2", "cred:.", "keyring:hunter2", "keyring:/x",
     "file:/hunter2\n", "", "file:/" + "hunter2" * 100],
)  # fmt: skip
def test_what_is_no_reference_is_never_repeated(text):
    with pytest.raises(ValueError) as caught:
        parse_reference(text)
    assert "hunter" not in str(caught.value)


def test_a_value_is_answered_by_how_to_do_it_instead():
    with pytest.raises(ValueError, match="env:NAME, file:/path, cred:name or keyring:service/user"):
        parse_reference("hunter2")


@pytest.mark.parametrize("said", [
    "echo {basic}", "echo {value}", "a{value}b", "cut {cut}", "tail {tail}", "{url}", "{json}", "{html}",
])  # fmt: skip
def test_a_login_that_a_server_sends_back_is_hidden_even_when_cut(said):
    import html
    import json
    from urllib.parse import quote

    login = Credentials(Secret(VALUE), "uptime")
    basic = login.basic()
    text = said.format(
        basic=basic, value=VALUE, cut=basic[:-9] + "…", tail=basic[14:], url=quote(VALUE), json=json.dumps(VALUE),
        html=html.escape(VALUE),
    )  # fmt: skip
    found = scrub(safe_text(text), forms(login))
    assert HIDDEN in found
    for piece in ("Tr0ub4", "quoted", basic[6:14], basic[-9:-3]):
        assert piece not in found, found


@given(
    st.text(min_size=6, max_size=30, alphabet=st.characters(min_codepoint=33, max_codepoint=126)),
    st.text(max_size=40),
    st.text(max_size=40),
)
def test_no_piece_of_six_characters_is_left(value, before, after):
    hidden = forms(Credentials(Secret(value)))
    found = scrub(safe_text(before + value + after), hidden).replace(HIDDEN, "\0")
    for form in hidden:
        assert not any(form[at : at + 6] in found for at in range(len(form) - 5))


def test_a_short_secret_is_hidden_where_it_stands_alone():
    assert scrub("HTTP 200 pin 20 ok", forms(Credentials(Secret("20")))) == f"HTTP 200 pin {HIDDEN} ok"


def test_texts_without_it_stay():
    assert (
        scrub("HTTP 503 Service Unavailable", forms(Credentials(Secret("correct horse"))))
        == "HTTP 503 Service Unavailable"
    )
