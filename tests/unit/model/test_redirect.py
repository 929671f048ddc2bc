import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from uptime_tui.model.redirect import MACHINE, MAX_HOPS, Hop, Refused, depth, leads_inside, next_hop, url
from uptime_tui.model.safetext import is_safe
from uptime_tui.model.target import Target

HERE = Target("https", "a.test", 443, "/x?y=1")


def hop(location, *, here=HERE, tls=True, method="GET", code=302, chain=()):
    return next_hop(
        here, tls=tls, method=method, code=code, location=location, chain=chain or [f"{method} {url(here)}"]
    )


@pytest.mark.parametrize(
    ("location", "there", "same", "unsafe"),
    [
        ("/y", "https://a.test/y", True, False),
        ("y", "https://a.test/y", True, False),
        ("?z=2", "https://a.test/x?z=2", True, False),
        ("https://a.test:443/y#part", "https://a.test/y", True, False),
        ("//b.test", "https://b.test/", False, False),
        ("HTTPS://B.Test/", "https://b.test/", False, False),
        ("https://a.test:8443/", "https://a.test:8443/", False, False),
        ("http://a.test/x", "http://a.test/x", False, True),
        ("/\xfc b", "https://a.test/%FC%20b", True, False),
        ("https://[2001:db8::1]/", "https://[2001:db8::1]/", False, False),
    ],
)
def test_leads(location, there, same, unsafe):
    found = hop(location)
    assert isinstance(found, Hop), found
    assert (url(found.target), found.same_origin, found.unsafe) == (there, same, unsafe)


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("ftp://a.test/", "neither http nor https"),
        ("javascript:alert(1)", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("gopher://a.test:25/_HELO", "neither http nor https"),
        ("https://user:pw@b.test/", "no address"),
        ("https://@b.test/", "no address"),
        ("https://[::1/", "no address"),
        ("https://b.test:99999/", "no address"),
        ("https://b.test:6379/", "port 6379, where no web server is"),
        ("http://b.test:25/", "port 25"),
        ("/x?y=1", "in a circle"),
        ("/" + "x" * 3000, "more than 2048"),
    ],
)
def test_refuses(location, why):
    found = hop(location)
    assert isinstance(found, Refused), found
    assert why in found.why
    assert is_safe(found.why)
    assert "pw" not in found.why or "user" in location


def test_a_password_in_a_location_is_the_servers_own_and_not_used():
    assert isinstance(hop("https://u:p@a.test/"), Refused)


def test_bounds():
    chain = [f"GET https://a.test/{number}" for number in range(MAX_HOPS + 1)]
    assert isinstance(hop("/next", chain=chain[:-1]), Hop)
    assert "more than 5" in hop("/next", chain=chain).why


@pytest.mark.parametrize(
    ("method", "code", "keeps"),
    [
        ("GET", 302, True), ("GET", 303, True), ("HEAD", 301, True), ("POST", 301, False), ("POST", 302, False),
        ("POST", 303, False), ("POST", 307, True), ("POST", 308, True), ("PUT", 303, False), ("PUT", 302, True),
    ],
)  # fmt: skip
def test_methods(method, code, keeps):
    assert hop("/y", method=method, code=code).keeps_method is keeps


def test_a_post_is_not_repeated_to_another_server():
    assert "another server" in hop("https://b.test/", method="POST", code=307).why
    assert isinstance(hop("https://b.test/", method="POST", code=303), Hop)


@given(st.text(max_size=80), st.sampled_from(["GET", "POST"]), st.sampled_from([301, 302, 303, 307, 308]))
@example("http://\xff", "GET", 302)
@example("https://a.test\\@b.test/", "GET", 302)
@example("//", "GET", 302)
def test_whatever_a_server_says_is_a_web_address_or_refused(location, method, code):
    found = hop(location, method=method, code=code)
    if isinstance(found, Refused):
        assert is_safe(found.why)
        assert len(found.why) < 300
        return
    target = found.target
    assert target.service in {"http", "https"}
    assert target.path.isascii()
    assert not set(target.path) & set(" \r\n\t#")
    assert found.same_origin == ((target.service, target.host, target.port) == ("https", "a.test", 443))
    assert f"{method} {url(target)}" != f"{method} {url(HERE)}" or not found.keeps_method


@pytest.mark.parametrize(
    ("address", "deep"),
    [
        ("1.1.1.1", 0), ("2606:4700::1", 0), ("10.0.0.1", 1), ("192.168.1.1", 1), ("100.64.0.1", 1), ("fd00::1", 1),
        ("224.0.0.1", 1), ("169.254.169.254", 2), ("fe80::1%eth0", 2), ("127.0.0.1", 3), ("127.9.9.9", 3), ("::1", 3),
        ("0.0.0.0", 3), ("::", 3), ("::ffff:127.0.0.1", 3), ("::ffff:1.1.1.1", 0), ("64:ff9b::a00:1", 1),
        ("2002:7f00:1::", 3), ("nonsense", 3),
    ],
)  # fmt: skip
def test_depth(address, deep):
    assert depth(address) == deep


def test_only_further_inside_is_refused():
    assert leads_inside("1.1.1.1", "10.0.0.1")
    assert leads_inside("10.0.0.1", "169.254.169.254")
    assert leads_inside("10.0.0.1", "127.0.0.1")
    assert not leads_inside("10.0.0.1", "192.168.0.1")
    assert not leads_inside("127.0.0.1", "10.0.0.1")
    assert depth("127.0.0.1") == MACHINE
