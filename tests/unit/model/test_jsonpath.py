import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.model.jsonpath import failing, parse_check
from uptime_tui.model.safetext import is_safe

BODY = {
    "status": "ok",
    "n": 1,
    "yes": True,
    "none": None,
    "data": {"items": [{"status": "ok"}, {"status": "bad"}]},
    "a b": 2,
}


@pytest.mark.parametrize(
    "text",
    [
        'status == "ok"', 'status=="ok"', " n == 1 ", "n == 1.0", "yes == true", "none == null",
        'data.items[0].status == "ok"', 'data.items[-1].status == "bad"', '"a b" == 2', '"data"."items"[1].status == "bad"',
    ],
)  # fmt: skip
def test_holds(text):
    assert failing(parse_check(text), BODY) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('status == "down"', 'status is "ok", expected "down"'),
        ("n == true", "n is 1, expected true"),
        ("yes == 1", "yes is true, expected 1"),
        ("n == null", "n is 1, expected null"),
        ("data == null", "data is an object of 1 (items), expected null"),
        ("data.items == 2", "data.items is an array of 2, expected 2"),
        ("data.items[2].status == 1", "there is no data.items[2].status: data.items is an array of 2"),
        ("status.x == 1", 'there is no status.x: status is "ok"'),
        ("[0] == 1", "there is no [0]: the answer is an object of 6 (status, n, yes, none, data, a b)"),
    ],
)
def test_says_what_was_found(text, why):
    assert failing(parse_check(text), BODY) == why


@pytest.mark.parametrize(
    "text",
    ["", "a", "a.b", "a = 1", "a ==", "a == [1]", "a == {}", "a == 'x'", "a == NaN", "a..b == 1", ".a == 1", "a[x] == 1", "a[0 == 1",
     "a == 1 2", '"a == 1', "a." * 30 + "a == 1", "a == " + "1" * 400, '"\\x" == 1', "ü == 1"],
)  # fmt: skip
def test_what_is_no_check_is_told_in_one_line(text):
    with pytest.raises(ValueError) as caught:
        parse_check(text)
    assert caught.type is ValueError
    assert "\n" not in str(caught.value)


def test_what_a_server_puts_there_is_shown_harmless_and_bounded():
    why = failing(parse_check('a == "ok"'), {"a": "\x1b]0;x\x07\u202e" + "y" * 9000})
    assert is_safe(why)
    assert len(why) < 120
    why = failing(parse_check('a.b == "ok"'), {"a": {"\x1b[2J" * 50: 1}})
    assert is_safe(why)
    assert len(why) < 200


steps = st.one_of(st.text(max_size=8), st.integers(0, 2))
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(2**40), 2**40), st.text(max_size=10))


@given(st.lists(steps, min_size=1, max_size=6), scalars)
def test_every_path_can_be_written_and_finds_its_value(path, value):
    text, data = "", value
    for step in reversed(path):
        data = {step: data} if isinstance(step, str) else [*[0] * step, data]
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else ("." if text else "") + msgspec.json.encode(step).decode()
    check = parse_check(f"{text} == {msgspec.json.encode(value).decode()}")
    assert check.path == tuple(path)
    assert failing(check, data) == ""
    assert failing(check, [data]) != "" or isinstance(path[0], int)


@given(st.text(max_size=60))
def test_any_text_is_a_check_or_a_clear_fault(text):
    why = ""
    try:
        assert parse_check(text).path
    except ValueError as error:
        why = str(error)
    assert "\n" not in why
