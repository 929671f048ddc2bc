"""The interface that a link-local address names, as connect(2) wants it."""

import errno
import socket

import pytest

from uptime_tui.dial.zone import place_of, without_zone


def test_the_interface_goes_into_the_address_as_its_number():
    number = socket.if_nametoindex("lo")
    assert place_of("fe80::1%lo", 25) == ("fe80::1", 25, 0, number)
    assert place_of(f"fe80::1%{number}", 25) == ("fe80::1", 25, 0, number)
    assert place_of("2001:db8::1", 25) == ("2001:db8::1", 25)
    assert without_zone("fe80::1%lo") == "fe80::1"


@pytest.mark.parametrize("zone", ["nope", "0", "999999", "99999999999999999999", "٣"])
def test_an_interface_that_does_not_exist_is_told(zone):
    with pytest.raises(OSError) as caught:
        place_of(f"fe80::1%{zone}", 25)
    assert caught.value.errno == errno.ENODEV
