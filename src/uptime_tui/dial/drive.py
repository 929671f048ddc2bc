"""Runs any handshake over any stream: bounds, phase times, TLS, and the conclusions a protocol cannot draw itself."""

from collections.abc import Callable
from typing import Final

from uptime_tui.dial.ending import Ending, closed, evidence, first_line, injected, seconds, went_silent
from uptime_tui.dial.tls import TlsFault, TlsLayer, TlsSetup
from uptime_tui.model.failure import FACTS, Failure, Phase
from uptime_tui.model.outcome import Outcome, Rest
from uptime_tui.model.peer import is_tls, name_peer
from uptime_tui.model.safetext import safe_text
from uptime_tui.model.steps import Conclude, Handshake, Mark, Receive, Send, StartTls

__all__ = ["Driver", "Ending"]

RECEIVE_LIMIT: Final = 65536
"""Bytes one exchange may bring: from one Send to the next."""
TLS_LIMIT: Final = 262_144
"""Bytes a TLS handshake may bring; OpenSSL itself stops at 100 kB of certificates."""
GOODBYE_S: Final = 1.0
"""How long a goodbye may take."""


class Driver:
    """One conversation (`dial.stream.Conversation`), push style, without input or output of its own.

    `ending` is set at the moment the outcome is decided; `over` follows when the goodbye is done. After that
    nothing changes any more, whatever is called.
    """

    __slots__ = (
        "_allowance", "_began_s", "_content_s", "_decided_s", "_ended", "_farewell", "_greeting_s", "_handshake",
        "_head", "_inbox", "_limit", "_out", "_phase", "_received", "_securing", "_sent", "_tls", "_tls_began_s",
        "_tls_s", "_tls_setup", "_waits", "ending", "over", "rest",
    )  # fmt: skip

    def __init__(
        self,
        handshake: Handshake,
        *,
        tls: TlsSetup | None = None,
        greeting_timeout_s: float | None = None,
        receive_limit: int = RECEIVE_LIMIT,
        farewell: Callable[[], Handshake] | None = None,
        caution: Rest | None = None,
    ) -> None:
        """Prepare; nothing is asked of the handshake before `start`.

        Args:
            handshake: the protocol.
            tls: needed when it is implicit or the handshake may ask for it.
            greeting_timeout_s: own bound for the first bytes of a peer that speaks first.
            receive_limit: bytes one exchange may bring before it is called nonsense.
            farewell: how to take leave of a server whose certificate was not accepted: its outcome does not count,
                and it says nothing but goodbye.
            caution: the rest for a server with which no handshake (nor farewell) came to its own end.
        """
        self._handshake = handshake
        self._tls_setup = tls
        self._greeting_s = greeting_timeout_s
        self._farewell = farewell
        self._limit = self._allowance = receive_limit
        self._tls: TlsLayer | None = None
        self._securing = False
        self._phase = Phase.PROTOCOL
        self._began_s = self._tls_began_s = 0.0
        self._tls_s = self._content_s = self._decided_s = -1.0  # -1: has not happened
        self._inbox = b""
        self._head = b""  # the first bytes of the peer, for naming it
        self._out: list[bytes] = []
        self._received = 0
        self._sent = False
        self._ended = False  # the peer has closed
        self._waits = 0  # bytes the handshake is waiting for, at most
        self.ending: Ending | None = None
        self.over = False
        self.rest: Rest | None = caution
        """How long to leave the peer alone; final once it is over."""

    @property
    def greeting_due_s(self) -> float | None:
        """Monotonic time at which `expire` is to be called before the deadline, None when there is none.

        Before the outcome: when the greeting is overdue (only while nothing was received). After it: when the
        goodbye has taken a second.
        """
        if self.over:
            return None
        if self.ending is not None:
            return self._decided_s + GOODBYE_S
        if self._greeting_s is None or self._received or self._sent or self._securing:
            return None
        return self._began_s + max(self._tls_s, 0.0) + self._greeting_s

    def start(self, now_s: float) -> bytes:
        """The connection stands."""
        self._began_s = now_s
        if self._tls_setup is not None and self._tls_setup.implicit:
            self._phase = Phase.TLS
            self._secure(TlsLayer(self._tls_setup), now_s)
        else:
            self._run(None, now_s)
        return self._flush()

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Bytes arrived."""
        if self.over or not data:
            return b""
        if self._securing:
            self._go_on_securing(data, now_s)
        elif self._tls is not None:
            self._decrypt(data, now_s)
        else:
            self._arrive(data, now_s)
        return self._flush()

    def close(self, now_s: float, *, reset: bool = False) -> bytes:
        """The peer has closed; without a reset it may still read."""
        if self.over or self._ended:
            return b""
        self._peer_ended(now_s, reset=reset)
        return self._flush()

    def expire(self, now_s: float) -> None:
        """A time bound has passed."""
        if self.over:
            return
        if self.ending is not None:
            self._finish()
            return
        after = f"in {seconds(now_s - self._began_s)}"
        if self._securing:
            answered = self._allowance < TLS_LIMIT
            what = "TLS handshake not finished" if answered else "no answer to our TLS greeting"
            self._fail(Failure.TLS_HANDSHAKE, f"connected, {what} {after}", now_s)
        elif self._received:
            self._fail(Failure.TIMEOUT, f"{self._received} bytes received, no complete answer {after}", now_s)
        elif self._sent:
            self._fail(Failure.TIMEOUT, f"connected, no answer {after}", now_s)
        else:
            self._fail(Failure.NO_GREETING, f"connected, the server sent nothing {after}", now_s)
        self.ending = went_silent(self.ending)

    def _peer_ended(self, now_s: float, *, reset: bool) -> None:
        self._ended = True
        if self.ending is not None:
            self._finish()
        elif self._securing:
            self._fail(Failure.TLS_HANDSHAKE, f"{closed(reset=reset)} during the TLS handshake", now_s)
        elif reset:
            self._fail(Failure.CLOSED_EARLY, f"{closed(reset=True)} {self._progress()}", now_s)
        elif self._waits:
            self._waits = 0
            self._run(b"", now_s)

    # --- the handshake ------------------------------------------------------------

    def _run(self, answer: bytes | None, now_s: float) -> None:
        """Run the handshake until it waits, or to its end."""
        while not self.over:
            try:
                step = self._handshake.send(answer)  # type: ignore[arg-type]  # None is how a generator starts
            except StopIteration as end:
                self.rest = end.value.rest
                self._conclude(end.value, now_s)
                self._finish()
                return
            answer = b""
            if type(step) is Receive:
                if self._inbox:
                    answer, self._inbox = self._inbox[: step.limit], self._inbox[step.limit :]
                elif not self._ended:
                    self._waits = step.limit
                    return
            elif type(step) is Send:
                self._send(step.data, now_s)
            elif type(step) is StartTls:
                self._start_tls(step, now_s)
                return
            elif type(step) is Mark:
                self._mark(step, now_s)
            elif type(step) is Conclude:
                self.rest = step.outcome.rest
                self._conclude(step.outcome, now_s)

    def _mark(self, step: Mark, now_s: float) -> None:
        self._phase = step.phase
        self._allowance += step.allow_bytes
        if step.phase is Phase.CONTENT:
            self._content_s = now_s

    def _send(self, data: bytes, now_s: float) -> None:
        self._sent = True
        self._allowance = max(self._allowance, self._limit)
        if self._tls is None:
            self._out.append(data)
            return
        try:
            self._tls.write(data)
        except TlsFault as fault:
            self._fail(fault.failure, fault.detail, now_s)

    def _arrive(self, data: bytes, now_s: float) -> None:
        """Bytes for the handshake."""
        if not self._received:
            self._head = data[:64]
        self._received += len(data)
        self._allowance -= len(data)
        if self._allowance < 0:
            size = f"more than {self._received - 1} bytes without an answer that makes sense"
            self._fail(Failure.BAD_PROTOCOL, size, now_s)
            return
        if self._inbox:
            data = self._inbox + data
        limit = self._waits
        self._inbox = data[limit:]
        if limit:
            self._waits = 0
            self._run(data[:limit], now_s)

    # --- TLS ----------------------------------------------------------------------

    def _start_tls(self, step: StartTls, now_s: float) -> None:
        assert self._tls_setup is not None, "a handshake asked for TLS and was given none"
        if self._inbox:
            self._fail(Failure.STARTTLS_INJECTION, injected(self._inbox), now_s)
        else:
            self._secure(TlsLayer(self._tls_setup, step.framing), now_s)

    def _secure(self, tls: TlsLayer, now_s: float) -> None:
        self._tls = tls
        self._tls_began_s = now_s
        self._securing = True
        self._allowance = TLS_LIMIT
        if self._ended:
            self._fail(Failure.TLS_HANDSHAKE, f"{closed(reset=False)} before the TLS handshake", now_s)
        else:
            tls.handshake(b"")

    def _go_on_securing(self, data: bytes, now_s: float) -> None:
        tls = self._tls
        assert tls is not None
        if self._allowance == TLS_LIMIT and not tls.framed and not is_tls(data):
            self._not_tls(data, now_s)
            return
        self._allowance -= len(data)
        if self._allowance < 0:
            self._fail(Failure.TLS_HANDSHAKE, f"more than {TLS_LIMIT} bytes of TLS handshake", now_s)
            return
        try:
            tls.handshake(data)
        except TlsFault as fault:
            self._fail(fault.failure, fault.detail, now_s)
            return
        if tls.done:
            self._secured(tls, now_s)

    def _not_tls(self, data: bytes, now_s: float) -> None:
        if self._sent or self._received:
            # after a STARTTLS it must not matter whether the plaintext came in the same segment as the reply
            self._fail(Failure.STARTTLS_INJECTION, injected(data), now_s)
            return
        self._head = data[:64]
        who = name_peer(data)
        said = f"{who} answers" if who else "the peer answers"
        self._fail(Failure.TLS_NOT_TLS, f"{said} without TLS: '{safe_text(first_line(data), 80)}'", now_s)

    def _secured(self, tls: TlsLayer, now_s: float) -> None:
        self._securing = False
        self._tls_s = now_s - self._tls_began_s
        self._allowance = self._limit
        self._phase = Phase.PROTOCOL
        judgement = tls.judgement
        answer = b"" if self._sent or self._received else None
        if judgement.stops and judgement.failure is not None:
            self._phase = Phase.TLS
            if self._farewell is None or not tls.usable:
                self._fail(judgement.failure, judgement.detail, now_s)
                return
            self._end(Outcome(judgement.failure, judgement.detail), Phase.TLS, now_s)
            self._handshake.close()
            self._handshake = self._farewell()
            answer = None
        self._run(answer, now_s)
        if not self.over:
            self._decrypt(b"", now_s)  # what came in the same segment as the end of the handshake

    def _decrypt(self, data: bytes, now_s: float) -> None:
        tls = self._tls
        assert tls is not None
        try:
            plain, ended = tls.read(data)
        except TlsFault as fault:
            if self.ending is None:
                self._fail(fault.failure, fault.detail, now_s)
            else:
                self._finish()
            return
        if plain:
            self._arrive(plain, now_s)
        if ended and not self.over:
            self._peer_ended(now_s, reset=False)

    # --- the end ------------------------------------------------------------------

    def _fail(self, failure: Failure, detail: str, now_s: float) -> None:
        """Conclude for the handshake, which is not asked any more."""
        if self.ending is None:
            if failure in {Failure.TLS_HANDSHAKE, Failure.TLS_NOT_TLS, Failure.STARTTLS_INJECTION}:
                self._phase = Phase.TLS
            banner = safe_text(first_line(self._head)) if self._head and not self._sent else ""
            self._end(Outcome(failure, detail, banner), self._phase, now_s)
        self._finish()

    def _conclude(self, outcome: Outcome, now_s: float) -> None:
        if self.ending is not None:
            return
        if outcome.failure is None:
            judgement = None if self._tls is None else self._tls.judgement
            if judgement is not None and judgement.failure is not None:
                found = Outcome(judgement.failure, judgement.detail, outcome.banner, left=outcome.left)
                self._end(found, Phase.TLS, now_s, protocol=outcome.detail)
            else:
                self._end(outcome, None, now_s)
            return
        phase = FACTS[outcome.failure].phase
        in_content = phase is Phase.PROTOCOL and self._phase is Phase.CONTENT
        self._end(outcome, Phase.CONTENT if in_content else phase or self._phase, now_s)

    def _end(self, outcome: Outcome, phase: Phase | None, now_s: float, *, protocol: str = "") -> None:
        self._decided_s = now_s
        tls_s = now_s - self._tls_began_s if self._securing else self._tls_s
        spoke = self._sent or self._received or not (self._securing or phase is Phase.TLS)
        spoke_s = now_s - self._began_s
        if tls_s > 0:
            spoke_s = max(0.0, spoke_s - tls_s)
        self.ending = Ending(
            outcome,
            phase,
            None if self._tls is None else self._tls.judgement.certificate,
            None if tls_s < 0 else tls_s * 1000,
            spoke_s * 1000 if spoke else None,
            None if self._content_s < 0 else (now_s - self._content_s) * 1000,
            evidence(self._tls, outcome, phase, protocol or outcome.detail),
        )

    def _finish(self) -> None:
        self.over = True
        self._handshake.close()
        if self._tls is not None and self._tls.done and not self._ended:
            self._tls.say_goodbye()

    def _flush(self) -> bytes:
        tls = self._tls
        if tls is not None:
            data = tls.outgoing()
            if data:
                self._out.append(data)
        if not self._out:
            return b""
        data = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        return data

    def _progress(self) -> str:
        if self._received:
            return f"after {self._received} bytes"
        return "before any answer" if self._sent else "without a word"
