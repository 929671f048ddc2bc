"""Texts of mail domains, as they come: every one is read without an exception, the right ones as the RFCs say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.diagnose.mail import dkim, dmarc, dnsbl, lookups, policy, spf
from uptime_tui.model.safetext import is_safe

LINES = st.text(st.characters(codec="utf-8"), max_size=300)


def test_spf_is_taken_apart():
    record = spf.parse(
        "v=spf1 a/24 mx:mail.test//64 ip6:2001:db8::/32 -exists:%{i}.x.test ?ptr redirect=_s.test exp=e.test ~ALL"
    )
    assert [(t.qualifier, t.name, t.value) for t in record.terms] == [
        ("+", "a", ""), ("+", "mx", "mail.test"), ("+", "ip6", "2001:db8::/32"), ("-", "exists", "%{i}.x.test"),
        ("?", "ptr", ""), ("+", "redirect", "_s.test"), ("+", "exp", "e.test"), ("~", "all", ""),
    ]  # fmt: skip
    assert (record.end, record.redirect, record.strange) == ("~", "", ())


@pytest.mark.parametrize(
    "word", ["ip4:192.0.2.300", "ip4:2001:db8::1", "ip6:zz", "ip4", "mx:", "redirect=", "a=", "ipv4:192.0.2.1"]
)
def test_a_word_that_is_no_spf_breaks_the_record(word):
    record = spf.parse(f"v=spf1 {word} -all")
    assert bool(record.strange) == (word != "a="), "an unknown modifier is allowed (RFC 7208 §6)"


@given(LINES)
def test_any_text_is_read(text):
    record = spf.parse(f"v=spf1 {text}")
    assert len(record.terms) + len(record.strange) <= 127
    found = policy.parse(text)
    assert all(is_safe(problem) for problem in found.problems)
    tags = lookups.tags_of(text)
    assert dmarc.judge(tags, inherited=False).text
    assert dkim.judge("s", text, guessed=True).text
    dmarc.report_domains(text)


@given(
    st.lists(
        st.sampled_from(["a", "mx", "ptr", "include:x.test", "exists:y.test", "ip4:192.0.2.1", "all"]), max_size=40
    )
)
def test_only_what_asks_is_counted(words):
    record = spf.parse("v=spf1 " + " ".join(words))
    assert record.strange == ()
    counted = [term for term in record.terms if term.name in {"a", "mx", "ptr", "include", "exists"}]
    assert len(counted) == sum(word != "all" and not word.startswith("ip4") for word in words)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("mode: enforce\nmx: a.test\nmax_age: 1", "version"),
        ("version: STSv1\nmode: never\nmx: a.test\nmax_age: 1", "mode never"),
        ("version: STSv1\nmode: enforce\nmax_age: 1", "no mx"),
        ("version: STSv1\nmode: enforce\nmx: a.test\nmax_age: soon", "max_age"),
        ("version: STSv1\nmode: enforce\nmx: a b\nmax_age: 1", "mx a b is no name"),
    ],
)
def test_what_is_wrong_with_a_policy(text, problem):
    assert any(problem in each for each in policy.parse(text).problems)


def test_a_policy_and_what_it_covers():
    found = policy.parse("version: STSv1\r\nmode: testing\r\nmx: mail.test\r\nmx: *.mx.test\r\nmax_age: 86400\r\n")
    assert found == ("testing", ("mail.test", "*.mx.test"), 86400, ())
    covered = ["mail.test", "MAIL.test.", "a.mx.test"]
    assert [
        host for host in [*covered, "mx.test", "a.b.mx.test", "x.mail.test"] if policy.covers(found.mx, host)
    ] == covered


def test_block_list_names():
    assert dnsbl.question("192.0.2.7", "zen.test") == "7.2.0.192.zen.test"
    assert dnsbl.question("2001:db8::1", "zen.test.").startswith("1.0.0.0.")
    assert dnsbl.question("2001:db8::1", "zen.test.").endswith(".8.b.d.0.1.0.0.2.zen.test")


def test_addresses_of_reports():
    assert dmarc.report_domains("mailto:a@x.test!10m, mailto:b@y.test,https://z.test,mailto:@,mailto:c@x.test") == (
        "x.test",
        "y.test",
    )
    assert dmarc.above("a.b.example.test") == ("a.b.example.test", "b.example.test", "example.test")
    assert dmarc.above("test") == ("test",)
