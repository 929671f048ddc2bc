"""Connects from this machine: non-blocking sockets in a private epoll whose descriptor the event loop watches.

Callbacks, not a task per connection; one wheel for all deadlines. A failed connect reads the socket's error
queue before it is closed. A connection is always ended with FIN: what is unread is drained first, because
closing over unread data sends RST, which some servers log as an error.

Who waits for connections that ended together is told when all of them are dealt with: one kind of work at a time
keeps the processor's caches warm (a fifth less of its time for a bare connect).
"""

import asyncio
import errno
import os
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from uptime_tui.dial import errqueue
from uptime_tui.dial.deadlines import Deadlines
from uptime_tui.dial.errqueue import Offender
from uptime_tui.dial.stream import Conversation
from uptime_tui.dial.tcpinfo import tcp_info
from uptime_tui.dial.zone import place_of, without_zone
from uptime_tui.model.errors import UserError

READ_BYTES: Final = 65536
BATCH: Final = 8
"""Events taken from the kernel at once; what it keeps has its turn before what is ready again."""
TURN_S: Final = 0.005
"""How long events are handled before the loop gets its turn again, and with it whoever's time is up."""
_DRAIN_READS: Final = 4
_SLOW_CONNECT_MS: Final = 200.0
"""Only a connect this slow can have needed a second SYN (RFC 6298 §2: first timeout 1 s; kernels start at 1 s)."""
_FAMILIES: Final = (socket.AF_INET, socket.AF_INET6)
_TYPE: Final = socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
_TROUBLE: Final = select.EPOLLERR | select.EPOLLHUP
_READABLE: Final = select.EPOLLIN | select.EPOLLRDHUP
_BROKEN: Final = frozenset({errno.ECONNRESET, errno.EPIPE})
"""A peer that resets after the connection stood; a reset of the SYN itself is ECONNREFUSED (tcp(7))."""
_LOST: Final = frozenset({errno.ETIMEDOUT, errno.EHOSTUNREACH, errno.ENETUNREACH})
_PORT_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")


class DialEnd(msgspec.Struct, frozen=True, gc=False):
    """How one connection went."""

    address: str
    errno: int
    """Of the connect; 0 when it stood."""
    connect_ms: float | None
    """Until it stood; None when it never did."""
    offender: Offender | None = None
    """Who sent the ICMP error that ended the connect, where the kernel knows."""
    timed_out: bool = False
    """The deadline passed before the connection stood."""
    retransmits: int = 0
    """SYNs sent again, as far as it was worth asking."""
    at_once: bool = False
    """connect(2) itself failed: this machine's own routes or rules, and no packet was sent."""
    kept_in: bool = False
    """SYNs were made and none got out: this machine's own output filter drops them."""
    source: str = ""
    """Our own address towards the peer, where there is an offender to compare it with."""
    bug: Exception | None = None
    """What the conversation raised: its fault or the configuration's, never the peer's."""
    sock: socket.SocketType | None = None
    """The connection itself, for whoever asked to have it (`Dialler.connect`): his to close."""


Done = Callable[[DialEnd], None]


class Dialler:
    """Owns every socket it opens. Made and used on the loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self.loop = loop or asyncio.get_running_loop()
        self.deadlines = Deadlines(self.loop)
        self.epoll = select.epoll()
        self.dials: dict[int, _Dial] = {}
        self.own_ports = _own_ports()
        self.later: _Later | None = None
        """Who is to be told, while the events of a batch are handled."""
        self.loop.add_reader(self.epoll.fileno(), self._drain)

    @property
    def in_flight(self) -> int:
        """Connections that are not done."""
        return len(self.dials)

    def dial(self, address: str, port: int, conversation: Conversation | None, deadline_s: float, done: Done) -> None:
        """Connect, hold the conversation, close; then `done`, once.

        Args:
            address: IP literal; an IPv6 one may carry a zone (`fe80::1%eth0`).
            port: TCP port.
            conversation: what to drive; None for a bare connect.
            deadline_s: on the loop's clock, for everything together.
            done: called on the loop's thread, possibly before this returns.
        """
        _Dial(self, address, port, conversation, deadline_s, done, keep=False).connect()

    def connect(self, address: str, port: int, deadline_s: float, done: Done) -> None:
        """Connect as `dial` does, and hand over the connection once it stands (`DialEnd.sock`)."""
        _Dial(self, address, port, None, deadline_s, done, keep=True).connect()

    def close(self) -> None:
        """Close every socket without calling anybody back."""
        for dial in list(self.dials.values()):
            dial.sock.close()
        self.dials.clear()
        self.deadlines.clear()
        if not self.epoll.closed:
            self.loop.remove_reader(self.epoll.fileno())
            self.epoll.close()

    def _drain(self) -> None:
        time, until_s = self.loop.time, 0.0
        while not self.epoll.closed:
            ready = self.epoll.poll(0, BATCH)
            now_s = time()  # of all that is ready now: the later ones did not take longer
            until_s = until_s or now_s + TURN_S
            ended: _Later = []
            self.later = ended
            for fd, events in ready:
                dial = self.dials.get(fd)
                if dial is not None:
                    try:
                        dial.on_event(events, now_s)
                    except Exception as error:  # noqa: BLE001 - one conversation's bug must not stop the others
                        dial.break_off(error)
            self.later = None
            for dial, end in ended:
                try:
                    if not self.epoll.closed:
                        dial.done(end)
                except Exception as error:  # noqa: BLE001 - nor must a bug of whoever is told
                    dial.break_off(error)
            if len(ready) < BATCH or time() >= until_s:
                return


class _Dial:
    """One connection. `due_s` is when somebody must be told that time is up."""

    __slots__ = (
        "address", "broken", "conversation", "deadline_s", "dialler", "done", "due_s", "fd", "keep", "out", "port",
        "sock", "started_s", "stood_ms", "ticket", "writes",
    )  # fmt: skip

    def __init__(
        self,
        dialler: Dialler,
        address: str,
        port: int,
        conversation: Conversation | None,
        deadline_s: float,
        done: Done,
        *,
        keep: bool,
    ) -> None:
        self.dialler = dialler
        self.address = address
        self.port = port
        self.conversation = conversation
        self.deadline_s = self.due_s = deadline_s
        self.done = done
        self.keep = keep
        self.out = b""
        self.stood_ms: float | None = None
        self.broken = False
        self.writes = 0

    def connect(self) -> None:
        dialler, address = self.dialler, self.address
        v6 = ":" in address
        try:
            # without the wrapper, which costs 5 us a connection
            sock = self.sock = socket.SocketType(_FAMILIES[v6], _TYPE)
        except OSError as error:
            self.done(DialEnd(address, error.errno or errno.EMFILE, None))
            return
        fd = self.fd = sock.fileno()
        dialler.dials[fd] = self
        self.ticket = dialler.deadlines.put(self.deadline_s, self)
        self.started_s = dialler.loop.time()
        try:
            errqueue.arm(sock, v6=v6)
            code = sock.connect_ex(place_of(address, self.port) if v6 else (address, self.port))
            if code == errno.EINPROGRESS or not code:
                dialler.epoll.register(fd, select.EPOLLOUT)
                return
        except OSError as error:
            code = error.errno or errno.EINVAL
        if code == errno.EADDRNOTAVAIL and not source_address(address, self.port):
            code = errno.ENETUNREACH  # no address of this family here at all: its source ports are not used up
        self.finish(code, at_once=True)

    def on_event(self, events: int, now_s: float) -> None:
        if self.stood_ms is None:
            if events & _TROUBLE:
                code = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code in _BROKEN:
                    self.broken = True
                elif code:
                    self.finish(code)
                    return
            self.stand(now_s)
            return
        if self.out and events & select.EPOLLOUT:
            self.write(b"")
        if events & (_READABLE | _TROUBLE):
            self.read(now_s)

    def stand(self, now_s: float) -> None:
        dialler, conversation = self.dialler, self.conversation
        if self.port in dialler.own_ports and _is_own_end(self.sock):
            self.finish(errno.ECONNREFUSED)
            return
        self.stood_ms = (now_s - self.started_s) * 1000
        if conversation is None:
            self.finish(0)
            return
        with suppress(OSError):  # of a socket that its peer has reset already
            errqueue.arm(self.sock, v6=":" in self.address, on=False)
        dialler.epoll.modify(self.fd, _READABLE)
        self.go_on(conversation, conversation.start(now_s))

    def read(self, now_s: float) -> None:
        conversation = self.conversation
        assert conversation is not None
        try:
            data = self.sock.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self.go_on(conversation, conversation.close(now_s, reset=True), gone=True)
            return
        if data:
            answer = conversation.feed(data, now_s)
            if not answer and not conversation.over:
                # what holds back the rest until this is acknowledged (Nagle) would wait 40 ms for our kernel (tcp(7))
                with suppress(OSError):  # as above
                    self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            self.go_on(conversation, answer)
        else:
            self.go_on(conversation, conversation.close(now_s, reset=self.broken), gone=True)

    def go_on(self, conversation: Conversation, data: bytes, *, gone: bool = False) -> None:
        """Write what the conversation wants written; end with it, or when the peer has gone."""
        if data:
            self.write(data)
        if conversation.over or gone:
            self.finish(0)
            return
        greeting_s = conversation.greeting_due_s
        due_s = self.deadline_s if greeting_s is None else min(greeting_s, self.deadline_s)
        if due_s != self.due_s:
            self.due_s = due_s
            self.ticket.pop(self, None)
            self.ticket = self.dialler.deadlines.put(due_s, self)

    def write(self, data: bytes) -> None:
        waiting = bool(self.out)
        self.out += data
        try:
            self.writes += 1
            if self.writes == 2:  # the first is never held back: there is nothing to wait for (RFC 9293 §3.7.4)
                self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sent = self.sock.send(self.out)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            # The peer does not read any more; what it said before it closed is still to be read and tells why.
            self.broken = error.errno == errno.ECONNRESET or self.broken
            sent = len(self.out)
        self.out = self.out[sent:]
        if bool(self.out) != waiting:
            self.dialler.epoll.modify(self.fd, _READABLE | (select.EPOLLOUT if self.out else 0))

    def on_time(self, now_s: float) -> None:
        """Time is up: the greeting's or the whole deadline (`dial.deadlines.Waiter`)."""
        conversation = self.conversation
        if self.stood_ms is None or conversation is None:
            self.finish(errno.ETIMEDOUT, timed_out=True)
            return
        over = self.due_s >= self.deadline_s
        self.due_s = 0.0
        conversation.expire(now_s)
        self.go_on(conversation, b"", gone=over)

    def break_off(self, error: Exception) -> None:
        """End after a bug, and say so; nothing more is asked of the conversation."""
        if not isinstance(error, UserError):  # whose fault is told to him, and is no news for us
            what = {"message": f"conversation with {self.address}", "exception": error}
            self.dialler.loop.call_exception_handler(what)
        self.finish(0, bug=error)

    def finish(
        self, code: int, *, timed_out: bool = False, at_once: bool = False, bug: Exception | None = None
    ) -> None:
        dialler, sock = self.dialler, self.sock
        if dialler.dials.pop(self.fd, None) is None:
            return
        self.ticket.pop(self, None)
        stood_ms = self.stood_ms
        if code or bug is not None or self.keep or stood_ms is None or stood_ms > _SLOW_CONNECT_MS:
            end = self.explain(code, timed_out=timed_out, at_once=at_once, bug=bug)
        else:
            if self.conversation is not None:
                _drain_unread(sock)
            sock.close()
            end = DialEnd(self.address, 0, stood_ms)
        if dialler.later is None:
            self.done(end)
        else:
            dialler.later.append((self, end))

    def explain(self, code: int, *, timed_out: bool, at_once: bool, bug: Exception | None) -> DialEnd:
        """End the connection, or give it out of hand, with all that can be learned from it."""
        dialler, sock = self.dialler, self.sock
        offender = errqueue.read(sock) if code else None
        retransmits, kept_in = 0, False
        if code in _LOST or (self.stood_ms or 0.0) > _SLOW_CONNECT_MS:
            info = tcp_info(sock)
            retransmits = info.retransmits
            kept_in = bool(timed_out and retransmits and not info.out_again)
        if self.conversation is not None and self.stood_ms is not None:
            _drain_unread(sock)
        kept = sock if self.keep and not code else None
        if kept is None:
            sock.close()
        else:
            dialler.epoll.unregister(self.fd)
            errqueue.arm(sock, v6=":" in self.address, on=False)
        source = source_address(self.address, self.port) if offender is not None else ""
        return DialEnd(
            self.address, code, self.stood_ms, offender, timed_out, retransmits, at_once, kept_in, source, bug, kept
        )


_Later = list[tuple[_Dial, DialEnd]]


def _own_ports() -> range:
    """Source ports this machine uses: a connect to one of them can meet itself (simultaneous open, RFC 9293 §3.5)."""
    try:
        first, last = map(int, _PORT_RANGE.read_text().split())
    except (OSError, ValueError):
        return range(1024, 65536)
    return range(first, last + 1)


def _is_own_end(sock: socket.SocketType) -> bool:
    """Whether the socket is connected to itself: nobody else listens there."""
    try:
        return bool(sock.getsockname()[:2] == sock.getpeername()[:2])
    except OSError:
        return False


def _drain_unread(sock: socket.SocketType) -> None:
    try:
        for _ in range(_DRAIN_READS):
            if not sock.recv(READ_BYTES):
                return
    except OSError:
        return


def source_address(address: str, port: int) -> str:
    """Our own address towards that peer, by routing alone: no packet is sent; empty when there is no route."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.connect(place_of(address, port))
            return without_zone(str(sock.getsockname()[0]))
    except OSError:
        return ""


def machine_name() -> str:
    """This machine's name as its kernel knows it; asks no name server."""
    return os.uname().nodename
