"""The lab as a whole: its fleet, its home, its changes, its end."""

import asyncio
import itertools
import os
import select
import subprocess
import sys

import pytest

from support.labprobe import CATALOGUE, watched_lab
from uptime_tui.lab.fleet import Change, Entry, read_fleet, states_of
from uptime_tui.lab.run import Lab
from uptime_tui.model.failure import Failure, Status
from uptime_tui.model.succession import Succession, judge_succession

FLEET = read_fleet()


def entry(name):
    return next(each for each in FLEET if each.name == name)


def test_fleet_is_a_hosting_company():
    assert 35 <= len(FLEET) <= 60
    assert len({each.name for each in FLEET}) == len(FLEET)
    assert all(each.purpose for each in FLEET)
    categories = {each.category or CATALOGUE.get(each.service).category for each in FLEET}
    assert categories == set(CATALOGUE.categories)


@pytest.mark.parametrize("each", FLEET, ids=lambda each: each.name)
def test_fleet_names_only_states_that_exist(each):
    known = states_of(each.kind, CATALOGUE.get(each.service).tls)
    assert {each.state, *(change.state for change in each.script)} <= known
    assert [change.at for change in each.script] == sorted(change.at for change in each.script)
    assert not each.script or each.every > each.script[-1].at


async def test_the_whole_fleet_is_seen_as_its_states_say(tmp_path):
    # who has a limit of its own comes when the others have had their certificates made
    results = {}
    async with watched_lab(tmp_path) as (_, watch):
        for own_limit in (False, True):
            names = [each.name for each in FLEET if bool(each.timeout or "slow" in each.expect) is own_limit]
            results |= zip(names, await asyncio.gather(*map(watch.probe, names)), strict=True)
    healthy = {name for name, result in results.items() if result.status is Status.UP}
    up = {"up", "no_auth", "private"}
    expected = {each.name for each in FLEET if each.state in up and each.kind != "none" and not each.backends}
    assert healthy == expected
    assert len(healthy) >= 30
    assert not [result.failure for result in results.values() if result.status is Status.UNKNOWN]
    assert {name for name, result in results.items() if result.failure is Failure.PARTIAL} == {
        each.name for each in FLEET if each.backends
    }


async def test_each_address_of_a_host_is_told_apart(tmp_path):
    entries = [entry("downloads"), entry("knowledge base")]
    async with watched_lab(tmp_path, entries) as (lab, watch):
        mirrors = await watch.probe("downloads")
        assert mirrors.failure is Failure.PARTIAL
        assert mirrors.address == lab.zone.addresses["downloads.hosting.example"][1]
        assert sorted(seen.ok for seen in mirrors.evidence if seen.id == "address") == [False, True, True]
        await lab.set_state("downloads", "http_500")
        assert (await watch.probe("downloads")).detail.startswith("2 of 3 addresses fail: ")
        helped = await watch.probe("knowledge base")
        assert (helped.failure, helped.address) == (Failure.PARTIAL, "::1")
        assert helped.detail.startswith("IPv6 fails at ::1 (connection refused); IPv4 works")


async def test_an_authority_of_its_own_is_trusted_where_it_is_named_and_nowhere_else(tmp_path):
    async with watched_lab(tmp_path, [entry("intranet wiki"), entry("company site")]) as (lab, watch):
        assert (await watch.probe("intranet wiki")).failure is None
        await lab.set_state("intranet wiki", "up")
        refused = await watch.probe("intranet wiki")  # the lab's usual authority: trusted by all others only
        assert refused.failure is Failure.TLS_UNTRUSTED
        await lab.set_state("company site", "private")
        assert (await watch.probe("company site")).failure is Failure.TLS_UNTRUSTED


async def test_a_renewal_and_another_issuer_are_told_apart(tmp_path):
    async with watched_lab(tmp_path, [entry("staging TLS")]) as (lab, watch):
        seen = []
        for state in ("up", "renewed", "other_issuer"):
            await lab.set_state("staging TLS", state)
            result = await watch.probe("staging TLS")
            assert result.failure is None
            seen.append(result.certificate)
    assert judge_succession(seen[0], seen[1]) is Succession.RENEWED
    assert judge_succession(seen[1], seen[2]) is Succession.CHANGED


async def test_the_home_is_private_and_complete(tmp_path):
    home = tmp_path / "home"
    async with Lab(home, static=True, entries=FLEET[:3]):
        assert home.stat().st_mode & 0o777 == 0o700
        files = {path.name: path.stat().st_mode & 0o777 for path in home.iterdir()}
    assert files == {"config.toml": 0o600, "monitors.toml": 0o600, "ca.pem": 0o600, "internal-ca.pem": 0o600}


async def test_a_server_changes_and_comes_back_on_the_same_port(tmp_path):
    async with watched_lab(tmp_path, [entry("cache1 redis")]) as (lab, watch):
        port = lab.ports["cache1 redis"]
        seen = []
        for state in ("up", "refused", "up", "refused", "refused", "loading", "up"):
            await lab.set_state("cache1 redis", state)
            seen.append((await watch.probe("cache1 redis")).failure)
        assert seen == [None, Failure.REFUSED, None, Failure.REFUSED, Failure.REFUSED, Failure.BUSY, None]
        assert lab.ports["cache1 redis"] == port


async def test_a_port_that_times_out_comes_back(tmp_path):
    one = Entry("one", "redis://one.hosting.example", "redis", 0, "timeout", timeout="500ms")
    async with watched_lab(tmp_path, [one]) as (lab, watch):
        assert (await watch.probe("one")).failure is Failure.TIMEOUT
        await lab.set_state("one", "up")
        assert (await watch.probe("one")).failure is None


async def test_unknown_names_and_states_are_refused(tmp_path):
    async with Lab(tmp_path, static=True, entries=[entry("cache1 redis")]) as lab:
        with pytest.raises(KeyError):
            await lab.set_state("nobody", "up")
        with pytest.raises(ValueError, match="knows no state 'expired'"):
            await lab.set_state("cache1 redis", "expired")


async def test_two_labs_at_once_do_not_meet(tmp_path):
    async with Lab(tmp_path / "a", static=True) as first, Lab(tmp_path / "b", static=True) as second:
        assert first.nameserver != second.nameserver


def test_a_script_is_a_function_of_time():
    one = Entry("a", "tcp://a", "listener", 1, script=(Change(10, "refused"), Change(25, "up")), every=60)
    times = (0, 9.9, 10, 24, 25, 59, 60, 69, 70, 86)
    assert [one.state_at(at) for at in times] == [
        "up", "up", "refused", "refused", "up", "up", "up", "up", "refused", "up",
    ]  # fmt: skip
    assert [one.next_change_s(at) for at in (0, 10, 25, 61)] == [10, 25, 60, 70]


def test_a_script_without_repetition_ends():
    one = Entry("a", "tcp://a", "listener", 1, script=(Change(10, "refused"),))
    assert one.state_at(1e6) == "refused"
    assert one.next_change_s(10) is None


async def test_scripts_are_played_by_the_clock(tmp_path):
    script = (Change(0.05, "refused"), Change(0.1, "loading"), Change(0.15, "up"))
    one = Entry("one", "redis://one.hosting.example", "redis", 0, script=script, every=0.2)
    lab = Lab(tmp_path, entries=[one])
    states = []
    change = lab.set_state

    enough = asyncio.Event()

    async def record(name, state):
        states.append(state)
        if len(states) >= 10:
            enough.set()
        await change(name, state)

    lab.set_state = record
    async with asyncio.timeout(20), lab:
        await enough.wait()
    assert states[0] == "up"
    assert {*states} == {"up", "refused", "loading"}
    assert all(a != b for a, b in itertools.pairwise(states))


def test_the_process_says_ready_and_ends_with_its_input(tmp_path):
    lab = subprocess.Popen(
        [sys.executable, "-m", "uptime_tui.lab.run", "--home", str(tmp_path / "home"), "--static"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert lab.stdout.readline() == f"ready {tmp_path / 'home'}\n".encode()
    assert (tmp_path / "home" / "monitors.toml").exists()
    said, wrong = lab.communicate(b"", timeout=10)
    assert (lab.returncode, said, wrong) == (0, b"", b"")


def test_the_process_dies_with_who_started_it(tmp_path):
    code = (
        "import subprocess, sys\n"
        f"lab = subprocess.Popen([sys.executable, '-m', 'uptime_tui.lab.run', '--home', {str(tmp_path / 'home')!r}],"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "lab.stdout.readline()\nprint(lab.pid, flush=True)\nsys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pid = int(parent.stdout.readline())
    handle = os.pidfd_open(pid)
    parent.kill()
    parent.communicate()
    try:
        assert select.select([handle], [], [], 10)[0], "the lab outlives its parent"
    finally:
        os.close(handle)


@pytest.mark.parametrize("temporary", [True, False])
def test_a_temporary_home_goes_with_whoever_is_killed(tmp_path, temporary):
    home = tmp_path / "home"
    flags = ["--temporary"] if temporary else []
    code = (
        "import subprocess, sys\n"
        f"lab = subprocess.Popen([sys.executable, '-m', 'uptime_tui.lab.run', '--home', {str(home)!r}, *{flags!r}],"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "lab.stdout.readline()\nprint(lab.pid, flush=True)\nsys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    handle = os.pidfd_open(int(parent.stdout.readline()))
    parent.kill()
    parent.communicate()
    try:
        assert select.select([handle], [], [], 20)[0], "the lab outlives its parent"
    finally:
        os.close(handle)
    assert home.exists() is not temporary
