"""Any bytes in, in any division, with any end: an Outcome out, nothing raised, bounds kept."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support.bytescript import NOISE, all_scripts, every_handshake
from support.certificates import NAME
from support.peers import setup
from uptime_tui.dial.drive import Driver
from uptime_tui.model.failure import Failure
from uptime_tui.model.monitor import Expectations, HeaderCheck, HttpRequest
from uptime_tui.model.safetext import is_safe
from uptime_tui.model.steps import Ask

LIMIT = 65536
SCRIPTS = all_scripts()
SEEN = [data for script in SCRIPTS for kind, data in script.dialogue if kind == "peer"]
STARTS_TLS = {script.module: script for script in SCRIPTS if ("tls", b"") in script.dialogue}
"""For each handshake that can start TLS, a script that does."""

real = st.sampled_from(SEEN)
noise = st.binary(max_size=300)
torn = st.builds(lambda data, cut, more: data[: cut % (len(data) + 1)] + more, real, st.integers(0, 2000), noise)
long = st.builds(lambda data, times: data * times, st.binary(min_size=1, max_size=8), st.integers(1, 20_000))
chunks = st.lists(st.one_of(real, real, noise, torn, long), max_size=12)
endings = st.sampled_from(["close", "reset", "expire"])
expects = st.builds(
    Expectations,
    keyword=st.sampled_from(["", "hello", "ü"]),
    keyword_absent=st.sampled_from(["", "error"]),
    json=st.booleans(),
    redirect=st.sampled_from(["", "https://"]),
    regex=st.sampled_from(["", "o+"]),
    json_values=st.sampled_from([(), ('a.b[0] == "ok"',)]),
    headers=st.sampled_from([(), (HeaderCheck("server", "contains", "x"),)]),
    min_body_bytes=st.sampled_from([0, 5]),
    max_body_bytes=st.sampled_from([8, 100_000]),
    plaintext_ok=st.booleans(),
)


def run(driver: Driver, incoming: list[bytes], end: str) -> None:
    now = 0.0
    driver.start(now)
    for chunk in incoming:
        if driver.over:
            break
        now += 0.01
        driver.feed(chunk, now)
        assert len(driver._inbox) <= LIMIT + len(chunk)
    decided = driver.ending
    if end == "expire":
        driver.expire(now)
    else:
        driver.close(now, reset=end == "reset")
    assert driver.over
    ending = driver.ending
    assert ending is not None
    assert decided is None or ending is decided
    assert is_safe(ending.outcome.detail)
    assert is_safe(ending.outcome.banner)
    assert len(ending.outcome.detail) <= 600
    assert len(ending.outcome.banner) <= 200
    assert (ending.phase is None) == (ending.outcome.failure is None)
    for evidence in ending.evidence:
        assert is_safe(evidence.text)


@pytest.mark.parametrize("module", every_handshake(), ids=lambda module: module.__name__.rpartition(".")[2])
@given(
    incoming=chunks,
    end=endings,
    expect=expects,
    service=st.sampled_from(["smtp", "submission"]),
    tls=st.sampled_from(["none", "starttls"]),
    follow=st.booleans(),
)
@settings(max_examples=150)
@example(
    incoming=[b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nabc"],
    end="close",
    expect=Expectations(),
    service="smtp",
    tls="none",
    follow=True,
)
@example(
    incoming=[b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"],
    end="close",
    expect=Expectations(),
    service="smtp",
    tls="none",
    follow=True,
)
def test_any_bytes_plain(module, incoming, end, expect, service, tls, follow):
    request = HttpRequest(follow=follow)
    ask = Ask(NAME, 25, service, expect=expect, tls=tls, our_name="probe.example", request=request, noise=NOISE)
    run(Driver(module.handshake(ask), tls=setup(implicit=False) if tls == "starttls" else None), incoming, end)
    if hasattr(module, "farewell"):
        run(Driver(module.farewell(ask)), incoming, end)


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("script", STARTS_TLS.values(), ids=lambda script: script.service)
@given(
    incoming=chunks,
    end=endings,
    head=st.sampled_from([b"", b"\x16\x03\x03", b"\x15\x03\x01\x00\x02", b"\x17\x03\x03\x00\x01"]),
)
@settings(max_examples=100)
def test_any_bytes_where_tls_is_due(script, implicit, incoming, end, head):
    ask = Ask(NAME, 25, script.service, tls="implicit" if implicit else "starttls", our_name="probe.example")
    driver = Driver(script.module.handshake(ask), tls=setup(implicit=implicit))
    if implicit:
        run(driver, [head, *incoming], end)
    else:
        opening = script.dialogue[: script.dialogue.index(("tls", b""))]
        run(driver, [*(data for kind, data in opening if kind == "peer"), head, *incoming], end)
    failure = driver.ending.outcome.failure
    assert failure is not None
    if not implicit:
        assert failure in {Failure.TLS_HANDSHAKE, Failure.TLS_NOT_TLS, Failure.STARTTLS_INJECTION}


@given(script=st.sampled_from(SCRIPTS), cuts=st.lists(st.integers(1, 40), min_size=1, max_size=6))
@settings(max_examples=300)
def test_divisions_do_not_change_what_is_concluded(script, cuts):
    if any(kind == "tls" for kind, _ in script.dialogue) or script.failure == "starttls_injection":
        return
    outcomes = []
    for sizes in ([10**6], cuts):
        driver = Driver(script.handshake())
        driver.start(0.0)
        turn = 0
        for kind, data in script.dialogue:
            rest = data if kind == "peer" else b""
            while rest:
                size = sizes[turn % len(sizes)]
                turn += 1
                driver.feed(rest[:size], 0.1)
                rest = rest[size:]
            if kind == "end":
                driver.close(0.2)
        driver.expire(0.3)
        outcome = driver.ending.outcome  # a banner may show less of what was cut off
        outcomes.append((outcome.failure, outcome.detail))
    assert outcomes[0] == outcomes[1]
