"""Some faults of the table, made in networks of namespaces, explained by the program from the watcher there.

All of them take minutes: `benchmarks/fault_bench.py --require` makes those, as the last part of what must hold.
"""

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
    knowledge = load_knowledge()
    for fault in faults:
        entry = knowledge.entry(Failure(fault.failure))
        causes = {cause.id for cause in entry.cause}
        causes |= {cause.id for refinement in entry.service.values() for cause in refinement.cause}
        assert fault.cause in causes, f"{fault.id}: {fault.failure} has no cause {fault.cause}"


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
