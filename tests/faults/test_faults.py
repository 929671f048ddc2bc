"""Every fault of the table, made in networks of namespaces, explained by the program from the watcher there."""

import pytest

from faults.fault import read_table
from faults.names import ALLOWED
from faults.report import heading, impolite, line, score
from faults.run import run_all
from support.netns import need_namespaces
from support.servers import need
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.failure import Failure

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("namespaces")]

SITES = 5
FIRST = 0.9
"""Of the faults that can be told apart from outside, the share whose true cause is named first."""
FIRST_TWO = 0.95


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


@pytest.mark.timeout(600)
def test_every_fault_is_explained_politely():
    need_namespaces()
    need("unbound", "unbound")
    told = run_all(read_table(), SITES, alone=lambda fault: fault.failure in {"timeout", "dns_servfail", "dns_bogus"})
    found = score(told)
    table = "\n".join([heading(), *map(line, told), str(found)])
    assert found.right == found.faults, table
    assert not list(impolite(told, ALLOWED)), table
    tellable = [each for each in told if not each.fault.alike]
    assert score(tellable).first >= FIRST * len(tellable), table
    assert found.first_two >= FIRST_TWO * found.faults, table
