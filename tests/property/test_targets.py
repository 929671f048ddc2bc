"""What holds of every target: it survives being written and read, and nothing else than a TargetError comes out."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.model.safetext import is_safe
from uptime_tui.model.target import Target, TargetError, format_target, parse_target

CATALOGUE = load_catalogue()
KNOWN = {"schemes": CATALOGUE.schemes, "ports": CATALOGUE.ports, "with_path": CATALOGUE.with_path}

LABELS = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?", fullmatch=True)
NAMES = st.tuples(st.lists(LABELS, max_size=4), st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z])?", fullmatch=True)).map(
    lambda parts: ".".join([*parts[0], parts[1]])
)
# a link-local IPv6 address is none without its interface
ADDRESSES = st.ip_addresses().filter(lambda a: a.version == 4 or not a.is_link_local).map(str)
HOSTS = st.one_of(NAMES, ADDRESSES, st.ip_addresses(v=6).map(lambda a: f"{a}%eth0"))
PATHS = st.from_regex(r"/[!\"$-~]{1,40}", fullmatch=True).filter(lambda path: "#" not in path)


@st.composite
def targets(draw):
    service = draw(st.sampled_from(sorted(CATALOGUE.schemes)))
    path = draw(st.just("") | PATHS) if service in CATALOGUE.with_path else ""
    return Target(service, draw(HOSTS), draw(st.integers(1, 65535)), path)


@given(targets())
@settings(max_examples=500)
def test_a_target_survives_being_written_and_read(target):
    text = format_target(target, schemes=CATALOGUE.schemes)
    assert is_safe(text)
    assert parse_target(text, **KNOWN) == target


PIECES = st.sampled_from(
    [
        "http",
        "://",
        ":",
        "/",
        "@",
        "[",
        "]",
        "%",
        "?",
        "#",
        ".",
        "::1",
        "host",
        "80",
        "xn--",
        "ä",
        "。",
        " ",
        "\x1b",
        "-",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=10).map("".join)))
@settings(max_examples=1000)
def test_any_text_is_a_sound_target_or_one_line(text):
    try:
        target = parse_target(text, **KNOWN)
    except TargetError as error:
        message = str(error)
        assert message.isprintable()
        assert len(message) <= 200
        return
    assert target.host.isascii()
    assert target.host == target.host.lower() or "%" in target.host
    assert 1 <= target.port <= 65535
    if ":" in target.host:
        ipaddress.IPv6Address(target.host)
    assert parse_target(format_target(target, schemes=CATALOGUE.schemes), **KNOWN) == target


@given(st.text(max_size=20), st.sampled_from(["", "redis://", "own://", "://"]), st.sampled_from(["", "user:"]))
@settings(max_examples=500)
def test_a_password_is_never_repeated(password, scheme, user):
    with pytest.raises(TargetError) as caught:
        parse_target(f"{scheme}{user}Sesame{password}Sesame@host.example:80", **KNOWN)
    assert "Sesame" not in str(caught.value)
