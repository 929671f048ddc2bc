import pytest

from uptime_tui.model.peer import is_tls, name_peer


@pytest.mark.parametrize(
    ("first", "name"),
    [
        (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "SSH"),
        (b"500 OOPS: vsftpd: cannot locate user", "FTP"),
        (b"HTTP/1.1 400 Bad Request\r\n", "HTTP"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03", "HTTP/2"),
        (b"220 mx.example.test ESMTP Postfix\r\n", "SMTP"),
        (b"421 4.7.0 mail.example.test too many connections\r\n", "SMTP"),
        (b"220 (vsFTPd 3.0.3)\r\n", "FTP"),
        (b"220 ProFTPD Server ready.\r\n", "FTP"),
        (b"* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n", "IMAP"),
        (b"* BYE [UNAVAILABLE] later\r\n", "IMAP"),
        (b"+OK Dovecot ready.\r\n", "POP3"),
        (b"RFB 003.008\n", "VNC"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "TLS"),
        (b"\x16\x03\x03\x00\x7a\x02", "TLS"),
        (b"\x5b\x00\x00\x00\x0a8.0.36\x00\x08\x00", "MySQL"),
        (b"\x45\x00\x00\x00\xff\x10\x04Too many connections", "MySQL"),
        (b"\x04\x01\x00\x2b\x00\x00\x01\x00", "SQL Server"),
        (b"-NOAUTH Authentication required.\r\n", "Redis"),
        (b"EFATAL:  unsupported frontend protocol", "PostgreSQL"),
        (b"E\x00\x00\x00\x8bSFATAL\x00", "PostgreSQL"),
        (b"hello\r\n", ""),
        (b"220 hello\r\n", ""),
        (b"", ""),
    ],
)
def test_named_by_first_bytes(first, name):
    assert name_peer(first) == name


def test_only_the_first_bytes_are_looked_at():
    assert name_peer(b"220 " + b"x" * 64 + b" ESMTP") == ""


@pytest.mark.parametrize(
    ("first", "tls"),
    [
        (b"\x16", True),
        (b"\x16\x03\x03", True),
        (b"\x15\x03", True),
        (b"\x16\x02", False),
        (b"H", False),
        (b"\x18\x03", False),
    ],
)
def test_is_tls(first, tls):
    assert is_tls(first) is tls
