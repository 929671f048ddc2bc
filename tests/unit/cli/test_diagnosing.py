"""What a diagnosis without an engine takes from a running one."""

import time

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.cli.diagnosing import diagnose
from uptime_tui.config.load import draft_from_table
from uptime_tui.config.settings import Settings
from uptime_tui.model.failure import Status
from uptime_tui.model.units import MonitorId
from uptime_tui.wire.messages import FleetState, MonitorRow, Vitals

CATALOGUE = load_catalogue()


def monitor(name, target):
    return draft_from_table({"name": name, "target": target}, CATALOGUE, where="")


@pytest.mark.parametrize(("other", "told"), [("ssh://127.0.0.1:1", False), ("ssh://127.0.0.1:2", True)])
async def test_the_monitor_of_the_very_target_is_no_neighbour_of_it(other, told):
    later_ms = time.time_ns() // 1_000_000 + 60_000
    up = MonitorRow(MonitorId(0), Status.UP, 0, None, None, "", False, later_ms, 1.0, None, b"", address="127.0.0.1")
    known = monitor("watched", other)
    fleet = FleetState((known,), (up,), (), Vitals())
    asked = monitor("check", "ssh://127.0.0.1:1")
    found = await diagnose(asked, CATALOGUE.get("ssh"), [known], fleet, Settings(), lambda *_: None)
    assert ("same_host_alive" in {fact.id for fact in found.evidence}) is told
