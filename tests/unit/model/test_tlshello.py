"""Our own hello against OpenSSL as the server, in memory."""

import os
import ssl
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.certificates import issue
from uptime_tui.model.tlshello import (
    ALL,
    NOISE_BYTES,
    OLD,
    TLS_1_2,
    TLS_1_3,
    Answer,
    client_hello,
    read_answer,
    version_name,
)

VERSIONS = {"TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1, "TLS 1.2": ssl.TLSVersion.TLSv1_2,
            "TLS 1.3": ssl.TLSVersion.TLSv1_3}  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    issued = issue("mx.example.test", rsa_bits=2048)
    (folder / "cert").write_bytes(issued.pem())
    (folder / "key").write_bytes(issued.key_pem())
    return folder / "cert", folder / "key"


def server(files, least, most, names=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = VERSIONS[least], VERSIONS[most]
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.sni_callback = lambda _object, name, _context: names.append(name) if names is not None else None
    return context


def asked(context, hello):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    peer = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(hello)
    try:
        peer.do_handshake()
    except ssl.SSLWantReadError:
        pass
    except ssl.SSLError:
        pass
    return outgoing.read()


def hello(versions, name="mx.example.test"):
    return client_hello(versions, name, os.urandom(NOISE_BYTES))


@pytest.mark.parametrize("most", list(VERSIONS))
def test_the_newest_version_that_a_server_takes(files, most):
    names = []
    answer = read_answer(asked(server(files, "TLS 1.0", most, names), hello(ALL)))
    assert version_name(answer.version) == most
    assert names == ["mx.example.test"]
    assert answer.cipher


@pytest.mark.parametrize(("least", "takes"), [("TLS 1.0", True), ("TLS 1.2", False), ("TLS 1.3", False)])
def test_whether_old_versions_are_still_taken(files, least, takes):
    answer = read_answer(asked(server(files, least, "TLS 1.3"), hello(OLD, "")))
    assert bool(answer.version) is takes
    assert answer.alert == ("" if takes else "protocol version")


@pytest.mark.parametrize("only", [(TLS_1_3,), (TLS_1_2,)])
def test_one_version_alone(files, only):
    assert read_answer(asked(server(files, "TLS 1.0", "TLS 1.3"), hello(only))).version == only[0]


def test_no_name_is_sent_where_there_is_none(files):
    names = []
    asked(server(files, "TLS 1.2", "TLS 1.3", names), hello(ALL, ""))
    assert names == [None]


def test_an_answer_in_pieces_is_waited_for(files):
    whole = asked(server(files, "TLS 1.2", "TLS 1.2"), hello(ALL))
    size = 5 + int.from_bytes(whole[3:5])
    assert all(read_answer(whole[:count]) is None for count in (0, 1, 4, 5, size - 1))
    assert read_answer(whole[:size]).version == TLS_1_2


@pytest.mark.parametrize("data", [b"220 mx ESMTP\r\n", b"HTTP/1.1 400 Bad", b"\x16\x03\x03\x00\x04\x02\x00\x00\x00"])
def test_what_is_no_hello_says_nothing(data):
    assert read_answer(data) == Answer()


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_borne(data, framed):
    if framed:
        data = b"\x16\x03\x03" + len(data).to_bytes(2) + b"\x02" + data[1:]
    read_answer(data)
