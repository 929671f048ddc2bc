"""Some faults of the table, made in networks of namespaces, explained by the program from the watcher there.

All of them take minutes: `benchmarks/fault_bench.py --require` makes those, as the last part of what must hold.
"""

import tomllib
from pathlib import Path

import pytest

from faults.fault import read_table
from faults.names import ALLOWED
from faults.report import heading, impolite, line, missed, score
from faults.run import run_all
from support.netns import need_namespaces
from support.servers import need
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.failure import Failure

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("namespaces")]

SITES = 5


def test_the_table_knows_only_what_the_knowledge_base_knows():
    faults = read_table()
    assert len(faults) >= 50
    assert len({fault.id for fault in faults}) == len(faults)
    for fault in faults:
        assert fault.cause in _causes(Failure(fault.failure)), f"{fault.id}: {fault.failure} has no cause {fault.cause}"


def test_every_code_and_every_cause_has_a_fault_or_a_reason_why_not():
    made = {(fault.failure, fault.cause) for fault in read_table()}
    codes = {failure for failure, _ in made}
    unmade = tomllib.loads(Path(__file__).with_name("unmade.toml").read_text())
    known = {failure: _causes(failure) for failure in Failure}
    assert set(unmade["code"]) == set(known) - codes
    assert set(unmade["cause"]) == {
        f"{failure}.{cause}"
        for failure in codes
        for cause in known[Failure(failure)] - {c for f, c in made if f == failure}
    }
    assert all(unmade["code"].values())
    assert all(unmade["cause"].values())


def _causes(failure: Failure) -> set[str]:
    entry = load_knowledge().entry(failure)
    return {cause.id for part in (entry, *entry.service.values()) for cause in part.cause}


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_fault_of_each_kind_is_explained_politely():
    need_namespaces()
    need("unbound", "unbound")
    faults = [fault for fault in read_table() if fault.suite]
    told = run_all(faults, SITES, alone=lambda fault: fault.failure in {"timeout", "dns_servfail", "dns_bogus"})
    found = score(told)
    table = "\n".join([heading(), *map(line, told), str(found)])
    assert not missed(found), table
    assert not list(impolite(told, ALLOWED)), table
