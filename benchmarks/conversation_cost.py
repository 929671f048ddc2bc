"""CPU of one conversation without any socket: the driver, its TLS, the handshakes, beside the bare parts they stand on.

    python benchmarks/conversation_cost.py

TLS: the client's share of a full handshake against a server in the same process, beside a bare `SSLObject` on the same
context that reads the leaf (chain verified, name not looked at). HTTP: a conversation beside feeding the same
answer to the bare parser. Figures are the medians of rounds, in microseconds; ratios are of the same run.
"""

import functools
import ssl
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httptools

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.certificates import NAME, authority
from support.peers import TlsPeer, server_context, setup
from uptime_tui.dial.drive import Driver
from uptime_tui.dial.tls import context_for
from uptime_tui.handshakes import http, redis, smtp, tcp
from uptime_tui.model.steps import Ask

ROUNDS = 9
ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\nConnection: close\r\n\r\n"
)
ANSWER += b"x" * 1024


def measured(run: Callable[[], float | None], count: int) -> float:
    """Median over the rounds of microseconds a call; `run` may return the seconds that count."""
    figures = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        spent = [run() for _ in range(count)]
        whole = time.thread_time() - began
        own = [each for each in spent if each is not None]
        figures.append((sum(own) if own else whole) / count * 1e6)
    return statistics.median(figures)


def tls_bare(server: ssl.SSLContext) -> float:
    peer = TlsPeer(server)
    began = time.thread_time()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context_for(verify=True, ca_file=authority.ca_file).wrap_bio(incoming, outgoing, server_hostname=NAME)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        hello = outgoing.read()
    spent = time.thread_time() - began
    peer.feed(hello)
    flight = peer.flush()
    began = time.thread_time()
    incoming.write(flight)
    client.do_handshake()
    client.getpeercert(binary_form=True)
    outgoing.read()
    return spent + time.thread_time() - began


def tls_driven(server: ssl.SSLContext) -> float:
    peer = TlsPeer(server)
    began = time.thread_time()
    driver = Driver(tcp.handshake(Ask(NAME, 443, "tcp", tls="implicit")), tls=setup())
    hello = driver.start(0.0)
    spent = time.thread_time() - began
    peer.feed(hello)
    flight = peer.flush()
    began = time.thread_time()
    driver.feed(flight, 0.1)
    spent += time.thread_time() - began
    assert driver.ending is not None
    assert driver.ending.outcome.failure is None, driver.ending
    return spent


def parse_bare() -> None:
    class Answer:
        def on_body(self, part: bytes) -> None:
            self.body = part

    httptools.HttpResponseParser(Answer()).feed_data(ANSWER)


def converse(module, answers: tuple[bytes, ...]) -> None:
    driver = Driver(module.handshake(Ask(NAME, 80, "smtp", our_name="probe.example")))
    driver.start(0.0)
    for answer in answers:
        driver.feed(answer, 0.1)
    assert driver.ending is not None
    assert driver.ending.outcome.failure is None, driver.ending


def main() -> None:
    for kind in ("rsa", "good"):
        server = server_context(authority.leaf(kind))
        tls_driven(server)
        bare, driven = (
            measured(functools.partial(tls_bare, server), 200),
            measured(functools.partial(tls_driven, server), 200),
        )
        label = "RSA-2048" if kind == "rsa" else "P-256"
        print(f"tls {label:9} bare SSLObject {bare:7.1f} us   driver {driven:7.1f} us   {driven / bare:.2f} x")
    bare = measured(parse_bare, 5000)
    whole = measured(lambda: converse(http, (ANSWER,)), 5000)
    print(f"http 1 KB      bare parser    {bare:7.1f} us   driver {whole:7.1f} us   {whole / bare:.2f} x")
    mail = (b"220 mx ESMTP\r\n", b"250-mx\r\n250-PIPELINING\r\n250 8BITMIME\r\n", b"221 bye\r\n")
    print(f"smtp           {'':22}      driver {measured(lambda: converse(smtp, mail), 5000):7.1f} us")
    pong = (b"+PONG\r\n", b"+OK\r\n")
    print(f"redis          {'':22}      driver {measured(lambda: converse(redis, pong), 5000):7.1f} us")


if __name__ == "__main__":
    main()
