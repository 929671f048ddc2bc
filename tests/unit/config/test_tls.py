import pytest

from support.certificates import authority
from uptime_tui.config.schema import ExpectTable
from uptime_tui.config.tls import critical_days, read_pins, tls_faults

PIN = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "pins"),
    [
        ("", ()),
        (PIN, (PIN,)),
        (f"SHA256:{PIN.upper()}", (PIN,)),
        (":".join(PIN[i : i + 2] for i in range(0, 64, 2)).upper(), (PIN,)),
        (f"{PIN}, {'f' * 64},{PIN}", (PIN, "f" * 64)),
    ],
)
def test_pins_as_tools_print_them(text, pins):
    assert read_pins(text) == pins
    assert list(tls_faults(ExpectTable(tls_pin=text))) == []


def test_the_critical_threshold_follows_the_warning():
    assert critical_days(ExpectTable()) == 7
    assert critical_days(ExpectTable(tls_warn_days=5)) == 1
    assert critical_days(ExpectTable(tls_critical_days=0)) == 0


def test_a_file_of_anchors():
    assert list(tls_faults(ExpectTable(tls_ca_file=authority.ca_file))) == []
