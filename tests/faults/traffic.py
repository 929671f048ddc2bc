"""What leaves the watcher, counted by its own firewall after everything else: to whom, how much, which connections."""

import json
from dataclasses import dataclass
from typing import Any

from support.netns import Namespace

_TABLE = """
table inet traffic {
  set sent4 { typeof ip daddr . meta l4proto . th dport; size 65536; flags dynamic; counter; }
  set sent6 { typeof ip6 daddr . meta l4proto . th dport; size 65536; flags dynamic; counter; }
  set echo4 { type ipv4_addr; size 65536; flags dynamic; counter; }
  set echo6 { type ipv6_addr; size 65536; flags dynamic; counter; }
  set opened { typeof th dport . th sport; size 65536; flags dynamic; counter; }
  set acks { typeof th dport; size 65536; flags dynamic; counter; }
  chain out {
    type filter hook output priority 300;
    oif lo accept
    meta l4proto { tcp, udp } add @sent4 { ip daddr . meta l4proto . th dport }
    meta l4proto { tcp, udp } add @sent6 { ip6 daddr . meta l4proto . th dport }
    icmp type echo-request add @echo4 { ip daddr }
    icmpv6 type echo-request add @echo6 { ip6 daddr }
    tcp flags & (syn|ack) == syn add @opened { th dport . th sport }
    tcp flags & (syn|fin|rst|psh|ack) == ack add @acks { th dport }
  }
}
"""
_SETS = ("sent4", "sent6", "echo4", "echo6", "opened", "acks")


@dataclass(frozen=True)
class Traffic:
    """What was sent since the last look."""

    packets: int
    destinations: frozenset[tuple[str, str, int]]
    """Address, protocol and port."""
    connections: dict[int, int]
    """Destination port to TCP connections that were begun."""
    acks: int = 0
    """Of the packets, those that only acknowledge: how many they are depends on how the other side's data arrive."""

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(address for address, _, _ in self.destinations)


def start_counting(watcher: Namespace) -> None:
    watcher.nft(_TABLE)


def take(watcher: Namespace) -> Traffic:
    """What was sent, and begin anew."""
    listed = json.loads(watcher.run("nft", "-j", "list", "table", "inet", "traffic").stdout)["nftables"]
    watcher.nft("\n".join(f"flush set inet traffic {name}" for name in _SETS))
    sets = {item["set"]["name"]: item["set"].get("elem", []) for item in listed if "set" in item}
    packets, acks, destinations, connections = 0, 0, set(), {}
    for name in _SETS:
        for element in sets[name]:
            value, count = _element(element)
            if name == "opened":
                connections[int(value[0])] = connections.get(int(value[0]), 0) + 1
                continue
            if name == "acks":
                acks += count
                continue
            packets += count
            destinations.add(tuple(value) if isinstance(value, list) else (value, "icmp", 0))
    return Traffic(packets, frozenset(destinations), connections, acks)


def _element(element: dict[str, Any]) -> tuple[Any, int]:
    inner = element["elem"]
    value = inner["val"]
    return value["concat"] if isinstance(value, dict) else value, inner["counter"]["packets"]
