"""Every collector is complete, and the knowledge base speaks only of facts that somebody finds."""

import ast
import inspect
import re

import pytest

from uptime_tui.diagnose.case import MAX_PACKETS
from uptime_tui.diagnose.collect import SILENT, collectors
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.failure import Failure
from uptime_tui.vantage import findings

PROBE_FACTS = {
    "dns_answer", "dns_failure", "other_family_only", "tcp_connect", "tcp_failure", "rst", "no_answer", "no_route", "icmp_port",
    "icmp_prohibited", "icmp_host", "icmp_net", "icmp_exceeded", "icmp_other", "icmp_by_target", "icmp_by_router", "own_firewall", "neighbour_silent",
    "retransmits", "exposed", "tls_session", "tls_certificate", "greeting", "protocol", "content", "page", "redirect", "rest", "address",
    "went_silent",
}  # fmt: skip
"""What a probe itself finds."""


def name(collector):
    return collector.__name__.rpartition(".")[2]


@pytest.mark.parametrize("collector", collectors(), ids=name)
def test_a_collector_declares_itself(collector):
    assert collector.QUESTION.endswith("?")
    assert 0 <= collector.STAGE <= 3
    assert (collector.STAGE == 0) is (SILENT in inspect.getsource(collector))
    assert 0 <= collector.PACKETS <= MAX_PACKETS
    assert bool(collector.PACKETS) or collector.STAGE == 0
    assert collector.FACTS
    for id_, meaning in collector.FACTS.items():
        assert re.fullmatch(r"[a-z0-9_]+", id_)
        assert meaning


@pytest.mark.parametrize("collector", collectors(), ids=name)
def test_every_fact_it_yields_is_declared(collector):
    """By its source: each literal id handed to `Evidence` is one of its FACTS."""
    for node in ast.walk(ast.parse(inspect.getsource(collector))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Evidence":
            first = node.args[0]
            if isinstance(first, ast.Constant):
                assert first.value in collector.FACTS


def test_no_fact_is_declared_twice():
    ids = [id_ for collector in collectors() for id_ in collector.FACTS]
    assert len(ids) == len(set(ids))
    assert not set(ids) & PROBE_FACTS


@pytest.mark.parametrize("failure", list(Failure))
def test_causes_refer_to_facts_that_exist(failure):
    known = PROBE_FACTS | {id_ for collector in collectors() for id_ in collector.FACTS}
    entry = load_knowledge().entry(failure)
    for part in (entry, *entry.service.values()):
        for cause in part.cause:
            said = {*cause.proved_by, *cause.supported_by, *cause.weakened_by, *cause.excluded_by}
            said |= {id_ for item in cause.items for id_ in (*item.fine, *item.wrong)}
            assert said <= known, cause.id


def test_the_facts_of_a_connect_are_known():
    assert {*findings._ICMP.values(), *findings._SILENT.values()} <= PROBE_FACTS
