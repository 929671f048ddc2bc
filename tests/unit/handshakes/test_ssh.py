from uptime_tui.dial.drive import Driver
from uptime_tui.handshakes import ssh
from uptime_tui.model.steps import Ask

KEXINIT = b"\x14" + bytes(16) + b"\0\0\0\x03kex\0\0\0\x03key" + bytes(40)
PACKET = (len(KEXINIT) + 6).to_bytes(4, "big") + b"\x05" + KEXINIT + bytes(5)


def test_the_goodbye_is_a_whole_packet():
    assert len(ssh.GOODBYE) % 8 == 0
    assert int.from_bytes(ssh.GOODBYE[:4], "big") == len(ssh.GOODBYE) - 4
    assert ssh.GOODBYE[5:] == b"\x01\0\0\0\x0b\0\0\0\x07goodbye" + bytes(4) + bytes(ssh.GOODBYE[4])


def test_a_server_that_does_not_wait_for_our_identification():
    """Dropbear sends KEXINIT at once."""
    driver = Driver(ssh.handshake(Ask("h", 22, "ssh")))
    assert driver.start(0.0) == b""
    assert driver.feed(b"SSH-2.0-dropbear_2022.83\r\n" + PACKET, 0.1) == ssh.IDENTIFICATION + ssh.GOODBYE
    assert not driver.over  # the server closes
    driver.close(0.2)
    assert driver.over
    assert driver.ending.outcome.detail == "ready for key exchange (kex; host keys key)"
