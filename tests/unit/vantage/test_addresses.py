"""Which addresses of a name are tried, and one verdict from what they said."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptime_tui.model.failure import FACTS, Failure, Phase, Status
from uptime_tui.model.outcome import Rest
from uptime_tui.model.result import Evidence, Result, Timings
from uptime_tui.model.units import MonitorId
from uptime_tui.resolve.answer import Answer
from uptime_tui.vantage.addresses import Trial, is_localhost, join, of_family, plan_tour

A, B, C, D, E = (f"192.0.2.{n}" for n in range(1, 6))
SIX, SEVEN = "2001:db8::6", "2001:db8::7"
NO_ROUTE = "no_route"


def trial(address, failure=None, turn=1):
    """What an address said: nothing wrong, a failure's code, or that there is no way to it."""
    unrouted = failure == NO_ROUTE
    code = Failure.NET_UNREACHABLE if unrouted else Failure(failure) if failure else None
    evidence = (Evidence(NO_ROUTE, Phase.CONNECT, False, "no route"),) if unrouted else ()
    phase = FACTS[code].phase if code else None
    result = Result(
        MonitorId(1), 0, code, phase, f"{address} said so", Timings(1.0, 2.0, None, 3.0, 6.0), address, 80,
        evidence=evidence, severity=Status.UNKNOWN if unrouted else None,
    )  # fmt: skip
    return Trial(address, result, turn)


def joined(*said, **more):
    return join([trial(address, failure) for address, failure in said], **more)


@pytest.mark.parametrize(
    ("said", "failure", "address"),
    [
        ([(A, None), (B, None)], None, A),
        ([(A, None), (B, "refused"), (C, None)], "partial", B),
        ([(A, "refused"), (B, "refused")], "refused", A),
        ([(A, "refused"), (B, "timeout")], "refused", A),
        ([(A, NO_ROUTE), (B, None)], None, B),
        ([(A, NO_ROUTE), (B, "refused")], "refused", B),
        ([(A, NO_ROUTE), (B, NO_ROUTE)], "net_unreachable", A),
        ([(A, NO_ROUTE), (B, "no_descriptors")], "no_descriptors", B),
        ([(A, "no_descriptors"), (B, "timeout")], "timeout", B),
        ([(A, "busy"), (B, "busy")], "busy", A),
        ([(A, None), (B, "tls_expiring")], "partial", B),
        ([(A, "busy"), (B, "refused")], "partial", B),  # it does answer somewhere
    ],
)
def test_the_verdict(said, failure, address):
    result = joined(*said)
    assert (result.failure, result.address) == (failure, address)


def test_partial_names_the_bad_addresses_and_where_they_failed():
    result = joined((A, None), (B, "refused"), (C, "timeout"))
    assert result.phase is Phase.CONNECT
    assert result.status is Status.DEGRADED
    assert result.detail == (f"2 of 3 addresses fail: {B} (connection refused), {C} (timeout); {B} said so")
    assert [(seen.ok, seen.text) for seen in result.evidence] == [
        (True, f"{A}: answers, 5.0 ms"), (False, f"{B}: connection refused, 5.0 ms"), (False, f"{C}: timeout, 5.0 ms"),
    ]  # fmt: skip


def test_a_family_that_is_broken_as_a_whole_is_named():
    result = joined((A, None), (SIX, "refused"), (SEVEN, "refused"))
    assert result.detail.startswith(f"IPv6 fails at {SIX}, {SEVEN} (connection refused); IPv4 works; ")
    assert joined((SIX, None), (A, "timeout")).detail.startswith(f"IPv4 fails at {A} (timeout); IPv6 works; ")
    half = joined((A, None), (SIX, "refused"), (SEVEN, None))
    assert half.detail.startswith(f"1 of 3 addresses fails: {SIX} (connection refused); ")


def test_all_that_fail_are_told_each_with_its_own_reason():
    result = joined((A, "refused"), (B, "refused"), (C, "timeout"))
    assert result.detail == f"{A} said so; the same at {B}; {C}: timeout"


def test_a_family_without_a_way_is_not_applicable():
    result = joined((A, None), (SIX, NO_ROUTE))
    assert [(seen.ok, seen.text) for seen in result.evidence] == [
        (True, f"{A}: answers, 5.0 ms"), (None, f"{SIX}: n/a, no route from here"),
    ]  # fmt: skip


def test_what_other_addresses_said_earlier_counts_until_their_turn():
    result = joined((A, None), earlier=[trial(B, "refused")], waiting=[C])
    assert (result.failure, result.address) == (Failure.PARTIAL, B)
    assert [seen.text for seen in result.evidence] == [
        f"{A}: answers, 5.0 ms", f"{B}: connection refused, 5.0 ms, not tried this time",
        f"{C}: not tried yet, the turn comes",
    ]  # fmt: skip


def test_the_longest_rest_that_a_server_is_to_have_is_kept():
    rests = [None, Rest(60.0, "a"), Rest(3600.0, "b"), None]
    tried = [
        each._replace(result=msgspec.structs.replace(each.result, rest=rest))
        for each, rest in zip(map(trial, (A, B, C, D)), rests, strict=True)
    ]
    assert join(tried).rest == rests[2]


def test_a_single_address_is_its_own_verdict():
    one = trial(A, "refused")
    assert join([one]) is one.result


CODES = st.sampled_from([None, NO_ROUTE, *Failure])
SAID = st.lists(
    st.tuples(st.sampled_from([A, B, C, D, SIX, SEVEN]), CODES), min_size=1, max_size=6, unique_by=lambda each: each[0]
)


@given(SAID, SAID)
def test_no_address_is_left_out_and_nothing_is_better_or_worse_than_what_was_seen(tried, earlier):
    earlier = [each for each in earlier if each[0] not in dict(tried)]
    result = joined(*tried, earlier=[trial(*each) for each in earlier])
    told = [trial(*each) for each in (*tried, *earlier) if not trial(*each).is_mute]
    if told:
        assert (result.failure is None) is not any(each.is_bad for each in told)
        open_somewhere = any(each.result.failure is Failure.EXPOSED for each in told)
        down_everywhere = all(each.result.status is Status.DOWN for each in told)
        assert (result.status is Status.DOWN) is (open_somewhere or down_everywhere)
    lines = [seen.text for seen in result.evidence if seen.id == "address"]
    if len(tried) + len(earlier) > 1:
        assert [line.partition(": ")[0] for line in lines] == [address for address, _ in (*tried, *earlier)]


# --- which are tried -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "bound", "known", "order", "wanted"),
    [
        ("all", 4, {}, (A, B, C), 4),
        ("first", 4, {C: (None, 1)}, (A, B, C), 1),
        ("rotate", 4, {}, (A, B, C), 1),
        ("rotate", 4, {A: (None, 1)}, (B, C, A), 1),
        ("rotate", 4, {A: (None, 1), B: ("refused", 2), C: (None, 3)}, (B, A, C), 1),  # again, before it is believed
        ("rotate", 4, {A: (None, 1), C: (None, 2), B: ("refused", 3)}, (A, C, B), 1),  # but not twice running
        ("all", 2, {A: (None, 1), B: ("timeout", 2), C: (None, 3)}, (B, A, C), 2),
        ("all", 2, {A: ("timeout", 1), B: ("timeout", 2), C: ("timeout", 3)}, (A, B, C), 2),
        ("all", 1, {A: (None, 1)}, (B, C, A), 1),  # the service's politeness
    ],
)
def test_the_tour(choice, bound, known, order, wanted):
    said = {address: trial(address, failure, turn) for address, (failure, turn) in known.items()}
    assert plan_tour((A, B, C), choice, bound, said) == (order, wanted)


@given(
    st.integers(1, 9), st.integers(1, 4), st.sampled_from(["all", "rotate"]),
    st.lists(st.sets(st.integers(0, 8)), min_size=30, max_size=30),
)  # fmt: skip
def test_every_address_gets_its_turn_whatever_fails(count, bound, choice, failing):
    addresses = [f"10.0.0.{n}" for n in range(count)]
    known, turn, last = {}, 0, dict.fromkeys(addresses, 0)
    for probe, bad in enumerate(failing, start=1):
        tour = plan_tour(addresses, choice, bound, known)
        assert sorted(tour.order) == addresses
        assert tour.wanted <= bound
        for address in tour.order[: tour.wanted]:
            turn += 1
            known[address] = trial(address, "refused" if int(address[-1]) in bad else None, turn)
            last[address] = probe
    assert min(last.values()) > 30 - 2 * count


@pytest.mark.parametrize(("family", "kept"), [(0, (A, SIX, B)), (4, (A, B)), (6, (SIX,))])
def test_one_family_only(family, kept):
    assert of_family(Answer((A, SIX, B)), "www.test", family).addresses == kept


def test_a_family_without_an_address_is_told():
    answer = of_family(Answer((A,)), "www.test", 6)
    assert (answer.failure, answer.addresses) == (Failure.DNS_NO_ADDRESS, ())
    assert answer.detail == f"www.test has no IPv6 address, which address_family asks for, only {A}"
    failed = Answer((), Failure.DNS_NXDOMAIN, "no such name")
    assert of_family(failed, "www.test", 6) is failed


def test_what_means_this_machine():
    assert [is_localhost(host) for host in ("localhost", "a.localhost", "localhost.test", "127.0.0.1")] == [
        True, True, False, False,
    ]  # fmt: skip
