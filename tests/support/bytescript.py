"""Byte scripts: a dialogue as data, run against a handshake under any division of the incoming bytes."""

import importlib
import pkgutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import msgspec

from uptime_tui import handshakes
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.dial.ending import injected
from uptime_tui.model.failure import Failure
from uptime_tui.model.monitor import Expectations, HttpRequest
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.secret import Credentials, Secret
from uptime_tui.model.steps import Ask, Conclude, Mark, Receive, Send, StartTls

FOLDER = Path(__file__).parent.parent / "scripts"
CATALOGUE = load_catalogue()
NOISE = bytes(range(64))


@dataclass(frozen=True)
class Script:
    """One file `tests/scripts/<service>/<name>.toml`."""

    service: str
    name: str
    ask: Ask
    dialogue: tuple[tuple[str, bytes], ...]
    """`peer` says, `us` must say, `tls` begins, `end` closes."""
    failure: str
    detail: str
    banner: str | None
    rest: float | None
    """Seconds for which the server is to be left alone; None: it is not looked at."""

    def handshake(self):
        return self.module.handshake(self.ask)

    @property
    def module(self):
        return importlib.import_module(f"uptime_tui.handshakes.{CATALOGUE.get(self.service).handshake}")


def read_script(path: Path) -> Script:
    data = tomllib.loads(path.read_text())
    assert data["source"], path
    service = path.parent.name
    told = data.get("ask", {})
    expect = msgspec.convert(told.pop("expect", {}), Expectations)
    told["request"] = msgspec.convert(told.pop("request", {}), HttpRequest)
    login = data.get("login")
    if login is not None:
        told["login"] = Credentials(Secret(login["secret"]), login.get("user", ""))
    ask = Ask(
        "mx.example.test",
        CATALOGUE.get(service).port,
        service,
        expect=expect,
        our_name="probe.example",
        user_agent="uptime-tui/test",
        noise=NOISE,
        **told,
    )
    dialogue = tuple(
        (kind, value.encode("latin-1") if isinstance(value, str) else b"")
        for step in data["dialogue"]
        for kind, value in step.items()
    )
    outcome = data["outcome"]
    told_of = (outcome.get(key) for key in ("failure", "detail", "banner", "rest"))
    return Script(service, path.stem, ask, dialogue, *told_of)


def every_handshake() -> list[ModuleType]:
    """Each file of `handshakes` that holds a conversation."""
    return [
        importlib.import_module(f"uptime_tui.handshakes.{found.name}")
        for found in pkgutil.iter_modules(handshakes.__path__)
        if not found.name.startswith("_")
    ]


def all_scripts() -> list[Script]:
    return [read_script(path) for path in sorted(FOLDER.glob("*/*.toml"))]


def divisions(script: Script) -> Iterator[tuple[tuple[bytes, ...], ...]]:
    """Every way to deliver: whole, cut once at each place of each message (256 places at most), byte by byte."""
    messages = [data for kind, data in script.dialogue if kind == "peer"]
    whole = [(message,) for message in messages]
    yield tuple(whole)
    for index, message in enumerate(messages):
        for cut in range(1, min(len(message), 256)):
            yield (*whole[:index], (message[:cut], message[cut:]), *whole[index + 1 :])
    yield tuple(tuple(message[i : i + 1] for i in range(len(message))) for message in messages)


def play(script: Script, division: tuple[tuple[bytes, ...], ...]) -> Outcome:
    """Run the handshake against the script; AssertionError where it does something else."""
    talk = script.handshake()
    steps = list(script.dialogue)
    messages = list(division)
    parts: list[bytes] = []
    concluded: Outcome | None = None
    injects = script.failure == Failure.STARTTLS_INJECTION  # what comes too much may come before or after our request
    answer: bytes | None = None
    try:
        while True:
            step = talk.send(answer)
            answer = b""
            match step:
                case Receive():
                    if not parts and concluded is not None and not steps:
                        continue  # after a goodbye the peer closes
                    if not parts:
                        assert steps, "waits after the end of the script"
                        kind, _ = steps.pop(0)
                        assert kind in {"peer", "end"}, f"waits where {kind} is due"
                        parts = list(messages.pop(0)) if kind == "peer" else [b""]
                    answer = parts.pop(0)
                case Send(data):
                    assert injects or not parts, f"says {data!r} before it has heard {parts!r}"
                    assert steps, f"says {data!r} after the end of the script"
                    assert steps.pop(0) == ("us", data)
                case StartTls():
                    if parts:  # the driver's rule: it must not matter in which segment the plaintext came
                        return Outcome(Failure.STARTTLS_INJECTION, injected(b"".join(parts)), script.banner or "")
                    assert steps.pop(0)[0] == "tls"
                case Conclude(outcome):
                    assert concluded is None
                    concluded = outcome
                case Mark():
                    pass
    except StopIteration as end:
        returned: Outcome = end.value
    assert injects or not steps, f"stops before {steps[0]}"
    assert concluded in {None, returned}
    return returned
