"""The kernel's tables, read."""

from uptime_tui.engine.routes import default_interfaces, is_gateway, is_neighbour_known, named, next_hop, read_routes

FOUR = """Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
wan	00000000	01014D0A	0003	0	0	0	00000000	0	0	0
wan	00014D0A	00000000	0001	0	0	0	00FFFFFF	0	0	0
*	006433C6	00000000	0201	0	0	0	00FFFFFF	0	0	0
vpn	0000090A	01084D0A	0003	0	0	0	0000FFFF	0	0	0
"""
ZERO = "0" * 32
SIX = f"""{ZERO} 00 {ZERO} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 wan
20010db8000100000000000000000000 40 {ZERO} 00 {ZERO} 00000100 00000001 00000000 00000001 wan
{ZERO} 00 {ZERO} 00 {ZERO} ffffffff 00000001 00000000 00200200 lo
"""
ARP = """IP address       HW type     Flags       HW address            Mask     Device
10.77.1.1        0x1         0x0         00:00:00:00:00:00     *        wan
10.77.1.3        0x1         0x2         82:7a:93:cb:53:39     *        wan
"""


def test_the_way_to_an_address_is_the_longest_match(tmp_path):
    (tmp_path / "route").write_text(FOUR)
    (tmp_path / "ipv6_route").write_text(SIX)
    routes = read_routes(tmp_path)
    assert next_hop("192.0.2.1", routes) == "10.77.1.1"
    assert next_hop("", routes) == "10.77.1.1"
    assert next_hop("10.77.1.9", routes) == ""
    assert next_hop("10.9.3.4", routes) == "10.77.8.1"
    assert next_hop("198.51.100.1", routes) is None
    assert next_hop("2001:db8:1::7", routes) == ""
    assert next_hop("2001:db8:2::7", routes) == "fe80::1%wan"
    assert next_hop("fe80::7%wan", routes[:0]) is None
    assert default_interfaces(routes) == {"wan"}


def test_a_tunnel_to_everywhere_is_a_line_of_its_own(tmp_path):
    halves = "tun0\t{}\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n"
    (tmp_path / "route").write_text(FOUR + halves.format("00000000") + halves.format("00000080"))
    (tmp_path / "ipv6_route").write_text(f"{ZERO} 00 {ZERO} 00 {ZERO} 00000400 00000001 00000000 00000001 ppp0\n")
    routes = read_routes(tmp_path)
    assert [next_hop(address, routes) for address in ("192.0.2.1", "9.9.9.9", "10.77.1.9")] == ["tun0", "tun0", ""]
    assert next_hop("2001:db8::7", routes) == "ppp0"
    assert not is_gateway("tun0")
    assert is_gateway("fe80::1%wan")
    assert (named("tun0"), named("10.77.1.1")) == ("the interface tun0", "the gateway 10.77.1.1")


def test_without_tables_there_is_no_way_and_no_evidence(tmp_path):
    assert read_routes(tmp_path) == ()
    assert is_neighbour_known("10.77.1.1", tmp_path)


def test_a_neighbour_that_did_not_answer_is_known_to_be_silent(tmp_path):
    (tmp_path / "arp").write_text(ARP)
    assert not is_neighbour_known("10.77.1.1", tmp_path)
    assert is_neighbour_known("10.77.1.3", tmp_path)
    assert is_neighbour_known("10.77.1.99", tmp_path)
