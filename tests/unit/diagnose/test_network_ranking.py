"""What the facts about hosts and paths make of the causes: the first one is what a person would conclude."""

import itertools

import pytest

from support.cases import CATALOGUE, KNOWLEDGE, fact, monitor
from uptime_tui.diagnose.rank import is_conclusive, rank
from uptime_tui.knowledge.entry import hints_for
from uptime_tui.knowledge.facts import facts_for
from uptime_tui.model.failure import Failure

F = Failure


def ranked(failure, service, ids):
    entry = CATALOGUE.get(service)
    target = f"{service}://host.example:{entry.port or 7000}"
    hints = hints_for(KNOWLEDGE.entry(failure), failure, service, facts_for(monitor(target), entry, "192.0.2.7"))
    return rank(hints, [fact(each) for each in ids.split()])


@pytest.mark.parametrize(
    ("failure", "service", "ids", "cause"),
    [
        # refused
        (F.REFUSED, "tcp", "rst", "nothing_listening"),
        (F.REFUSED, "https", "rst local_target local_not_listening local_process_missing", "nothing_listening"),
        (F.REFUSED, "submission", "rst local_target local_not_listening local_process_runs", "submission_off"),
        (F.REFUSED, "https", "rst local_not_listening local_process_runs local_other_port", "web_tls_config"),
        (F.REFUSED, "tcp", "rst local_target local_loopback_only", "loopback_only"),
        (F.REFUSED, "redis", "rst local_target local_loopback_only", "redis_bind"),
        (F.REFUSED, "postgresql", "rst local_target local_loopback_only", "postgres_listen"),
        (F.REFUSED, "mysql", "rst local_target local_loopback_only", "mysql_bind"),
        (F.REFUSED, "tcp", "rst local_target local_v6_only", "one_family"),
        (F.REFUSED, "tcp", "rst local_target local_other_address", "port_binding"),
        (F.REFUSED, "ssh", "rst local_target local_not_listening local_process_runs local_other_port", "port_binding"),
        (F.REFUSED, "tcp", "rst local_target local_listens local_accepting", "reject_rule"),
        (F.REFUSED, "smtp", "tcp_failure icmp_port icmp_by_target", "reject_icmp"),
        (F.REFUSED, "tcp", "tcp_failure icmp_port icmp_by_router", "reject_icmp"),
        (F.NET_UNREACHABLE, "tcp", "no_route own_rule", "blackhole_route"),
        # timeout
        (F.TIMEOUT, "tcp", "no_answer sibling_open", "filtered"),
        (F.TIMEOUT, "https", "no_answer same_host_alive", "filtered"),
        (F.TIMEOUT, "tcp", "no_answer siblings_silent host_rejects_datagram path_ends", "filtered"),
        (F.TIMEOUT, "tcp", "no_answer local_target local_listens local_accepting", "filtered"),
        (F.TIMEOUT, "tcp", "no_answer siblings_silent path_reaches_network", "host_down"),
        (F.TIMEOUT, "tcp", "no_answer siblings_silent ping_silent path_ends", "host_down"),
        (F.TIMEOUT, "tcp", "no_answer same_host_down same_network_alive siblings_silent", "host_down"),
        (F.TIMEOUT, "tcp", "no_answer siblings_silent path_ends_at_gateway", "routing"),
        (F.TIMEOUT, "tcp", "no_answer siblings_silent path_first_hop path_loop", "routing"),
        (F.TIMEOUT, "tcp", "no_answer siblings_silent path_router_says", "routing"),
        (F.TIMEOUT, "tcp", "no_answer siblings_silent same_network_down path_ends", "routing"),
        (F.TIMEOUT, "https", "no_answer local_target local_listens local_backlog_full", "backlog_full"),
        (F.TIMEOUT, "https", "no_answer local_target local_listens local_not_accepting machine_load_high", "backlog_full"),
        (F.TIMEOUT, "https", "no_answer sibling_open history_went_mute", "backlog_full"),
        (F.TIMEOUT, "https", "no_answer sibling_open history_second_syn port_answers_now", "backlog_full"),
        (F.TIMEOUT, "https", "no_answer sibling_open history_second_syn path_port_stops", "filtered"),
        (F.TIMEOUT, "https", "no_answer local_target local_listens machine_memory_low", "overloaded"),
        (F.TIMEOUT, "smtp", "no_answer port_elsewhere_silent sibling_open", "egress_25"),
        (F.TIMEOUT, "smtp", "no_answer history_never sibling_open", "egress_25"),
        (F.TIMEOUT, "smtp", "no_answer sibling_refused host_rejects_datagram path_first_hop path_ends_at_gateway", "egress_25"),
        (F.TIMEOUT, "smtp", "no_answer history_sudden sibling_open", "filtered"),
        (F.TIMEOUT, "smtp", "no_answer port_elsewhere_alive sibling_open", "filtered"),
        (F.TIMEOUT, "mysql", "no_answer history_never sibling_open", "db_private"),
        (F.TIMEOUT, "mysql", "no_answer history_sudden sibling_open", "filtered"),
        *(
            (F.TIMEOUT, database, f"no_answer {past} sibling_refused ping_answers", cause)
            for database in ("mysql", "postgresql", "redis", "mongodb", "mssql", "elasticsearch")
            for past, cause in (("history_no_success", "db_private"), ("", "filtered"), ("history_sudden", "filtered"))
        ),
        (F.TIMEOUT, "redis", "no_answer history_no_success siblings_silent ping_silent path_ends", "host_down"),
        (F.TIMEOUT, "tcp", "no_answer own_link_down own_default_route_missing", "watcher_cut_off"),
        (F.TIMEOUT, "smtp", "no_answer gateway_silent fleet_silent", "watcher_cut_off"),
        (F.TIMEOUT, "https", "no_answer gateway_known fleet_silent siblings_silent path_first_hop", "watcher_cut_off"),
        # unreachable
        (F.HOST_UNREACHABLE, "tcp", "tcp_failure icmp_host icmp_by_router", "host_off"),
        (F.HOST_UNREACHABLE, "tcp", "tcp_failure icmp_exceeded icmp_by_router siblings_silent", "routing_loop"),
        (F.HOST_UNREACHABLE, "tcp", "tcp_failure neighbour_silent", "host_off"),
        (F.HOST_UNREACHABLE, "tcp", "tcp_failure neighbour_silent own_default_route gateway_silent", "watcher_cut_off"),
        (F.HOST_UNREACHABLE, "tcp", "tcp_failure icmp_host icmp_by_target", "reject_icmp"),
        (F.HOST_UNREACHABLE, "tcp", "tcp_failure icmp_host icmp_by_router sibling_open", "reject_icmp"),
        (F.HOST_UNREACHABLE, "tcp", "tcp_failure own_route_unreachable", "own_unreachable_route"),
        (F.NET_UNREACHABLE, "tcp", "no_route own_route_missing own_default_route_missing", "no_local_route"),
        (F.NET_UNREACHABLE, "tcp", "no_route own_route_missing own_family_missing", "no_family"),
        (F.NET_UNREACHABLE, "tcp", "no_route own_route_missing own_family_there own_default_route_missing", "no_local_route"),
        (F.NET_UNREACHABLE, "tcp", "no_route own_route_blackhole", "blackhole_route"),
        (F.NET_UNREACHABLE, "tcp", "tcp_failure icmp_net icmp_by_target own_route path_reaches_host", "reject_icmp"),
        (F.NET_UNREACHABLE, "tcp", "tcp_failure icmp_net icmp_by_router own_route", "router_no_route"),
        (F.PROHIBITED, "tcp", "tcp_failure icmp_prohibited icmp_by_target own_route", "remote_filter"),
        (F.PROHIBITED, "tcp", "tcp_failure icmp_prohibited icmp_by_router own_route", "router_filter"),
        (F.PROHIBITED, "tcp", "tcp_failure own_firewall own_route", "local_rule"),
        (F.PROHIBITED, "tcp", "tcp_failure own_route own_rule", "local_rule"),
        (F.PROHIBITED, "tcp", "tcp_failure own_route_prohibit", "own_prohibit_route"),
        # across probes
        (F.INTERMITTENT, "tcp", "history_uneven history_one_address", "one_backend"),
        (F.INTERMITTENT, "tcp", "history_uneven history_timeouts loss_seen address_only_one", "unstable_path"),
        (F.INTERMITTENT, "tcp", "history_uneven history_refusals history_short loss_none", "rate_limit"),
        (F.INTERMITTENT, "https", "history_uneven history_answers loss_none address_only_one", "exhaustion"),
        (F.PARTIAL, "tcp", "address rst addresses_some_fail", "one_backend"),
        (F.PARTIAL, "tcp", "address no_answer addresses_some_fail family_broken", "family_dead"),
        (F.PARTIAL, "tcp", "address rst addresses_some_fail local_target local_loopback_only", "listen_local"),
        (F.PARTIAL, "tcp", "address rst addresses_some_fail family_broken local_target local_v4_only", "one_family"),
        (F.PACKET_LOSS, "tcp", "tcp_connect retransmits loss_seen rtt_short", "congested_link"),
        (F.PACKET_LOSS, "tcp", "tcp_connect retransmits local_target local_backlog_full", "server_drops"),
        (F.TOO_SLOW, "https", "phase_service server_slow rtt_short loss_none", "application_slow"),
        (F.TOO_SLOW, "https", "phase_dns", "dns_slow"),
        (F.TOO_SLOW, "https", "phase_connect rtt_long loss_none", "network_slow"),
        (F.TOO_SLOW, "https", "phase_service pace_usual", "limit_tight"),
        # ours
        (F.WATCHER_OFFLINE, "tcp", "own_offline own_link_down own_default_route_missing", "link_down"),
        (F.WATCHER_OFFLINE, "tcp", "own_offline own_default_route_missing own_route_missing", "no_default_route"),
        (F.WATCHER_OFFLINE, "tcp", "own_default_route gateway_known own_route fleet_silent", "provider_down"),
        (F.NO_DESCRIPTORS, "tcp", "descriptors_used_up handles_free", "limit_low"),
        (F.NO_DESCRIPTORS, "tcp", "descriptors_free handles_used_up", "system_limit"),
        (F.NO_SOURCE_PORTS, "tcp", "source_ports_used_up own_route", "many_connections"),
        (F.NO_SOURCE_PORTS, "tcp", "source_ports_free own_route_missing", "no_address"),
        # connected
        (F.NO_GREETING, "smtp", "local_target local_listens local_not_accepting", "hung"),
        (F.NO_GREETING, "smtp", "local_target local_listens local_process_stopped local_accepting", "hung"),
        (F.NO_GREETING, "imap", "history_sudden local_accepting", "slow_lookup"),
        (F.CLOSED_EARLY, "ssh", "history_uneven history_short", "maxstartups"),
    ],
)  # fmt: skip
def test_the_first_cause(failure, service, ids, cause):
    found = ranked(failure, service, ids)
    shown = [(each.id, each.confidence) for each in found[:4]]
    assert found[0].id == cause, shown
    assert found[0].confidence > found[1].confidence, shown


@pytest.mark.parametrize(
    ("failure", "ids"),
    [
        (F.REFUSED, "rst local_target local_not_listening"),
        (F.REFUSED, "tcp_failure icmp_port icmp_by_target"),
        (F.TIMEOUT, "no_answer local_target local_listens local_backlog_full"),
        (F.TIMEOUT, "no_answer path_port_stops"),
        (F.NET_UNREACHABLE, "no_route own_route_blackhole"),
        (F.PROHIBITED, "tcp_failure icmp_prohibited icmp_by_router"),
    ],
)
def test_what_is_proved_needs_no_further_packet(failure, ids):
    assert is_conclusive(ranked(failure, "tcp", ids))


@pytest.mark.parametrize("ids", ["no_answer", "no_answer siblings_silent", "no_answer path_ends", "rst"])
def test_what_is_only_likely_is_looked_into(ids):
    failure = F.REFUSED if ids == "rst" else F.TIMEOUT
    assert not is_conclusive(ranked(failure, "tcp", ids))


def test_every_cause_of_these_failures_can_be_told_from_every_other():
    """No two general causes have the same evidence for and against them."""
    for failure in (
        F.REFUSED,
        F.TIMEOUT,
        F.HOST_UNREACHABLE,
        F.NET_UNREACHABLE,
        F.PROHIBITED,
        F.INTERMITTENT,
        F.PARTIAL,
    ):
        for one, two in itertools.combinations(KNOWLEDGE.entry(failure).cause, 2):
            told = [(c.proved_by, c.supported_by, c.weakened_by, c.excluded_by) for c in (one, two)]
            assert told[0] != told[1], (failure, one.id, two.id)
