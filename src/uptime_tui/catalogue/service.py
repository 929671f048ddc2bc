"""A service: what usually speaks on a port, how to speak to it politely, and whether the world should reach it."""

from typing import Literal

import msgspec

TlsMode = Literal["none", "implicit", "starttls"]
Exposure = Literal["public", "restricted", "private"]


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of `services.toml`; a user's own in `services.d/*.toml` has the same fields."""

    name: str
    """The scheme of a target: lower-case letters, digits and hyphens."""
    title: str
    """As people write it: `PostgreSQL`."""
    category: str
    """The group in which its monitors are shown unless they say another."""
    handshake: str
    """A module of `handshakes/` by name (`tcp`, `http`, `smtp`, `mysql`)."""
    meaning: str
    """What it usually is for, one sentence: the purpose shown until the user writes a better one."""
    port: int | None = None
    """Default port; None where a target must say it."""
    tls: TlsMode = "none"
    """`implicit`: from the first byte; `starttls`: after a command in clear text, where it is offered."""
    exposure: Exposure = "restricted"
    """`public`: meant for the internet; `restricted`: for known networks; `private`: never on the internet."""
    exposure_note: str = ""
    """Why, and what to do where it is open to the world."""
    interval_s: float = 60.0
    """Default interval: what is polite for this service."""
    min_interval_s: float = 5.0
    """Never probed more often than this, whatever the file says (doctor and the engine say so)."""
    per_host: int = 2
    """Probes of it at once on one host."""
    spacing_s: float = 0.0
    """Least time between two starts on one host, whichever monitors they are of."""
    lane: str = ""
    """Services with the same lane share `per_host` and `spacing_s` on a host; empty: its own name."""
    addresses_per_probe: int = 4
    """Addresses of a name that one probe speaks to, one after the other; where there are more, they take turns."""
    greeting_timeout_s: float | None = None
    """Own bound for the first bytes where the server speaks first; None: the probe's timeout."""
    status: str = "200-399"
    """HTTP: status codes that mean up unless the monitor says otherwise."""
    login: bool = False
    """It takes a login (`login` of a monitor); a probe without one is fine."""
    login_secret: Literal["needed", "optional", "never", "key"] = "needed"  # noqa: S105 - whether, not what
    """Whether a login needs its secret: an account without a password may be one, or its name is all that is sent;
    `key`: a private key, and nothing else."""
    self_signed_ok: bool = False
    """A self-signed or untrusted certificate is degraded, not down: usual for panels."""
    well_known: bool = True
    """`host:port` on this port means this service (one per port)."""
    unit: str = ""
    """systemd unit for commands in hints (`nginx`), as most distributions name it; `postfix*` with its instances."""
    process: str = ""
    """Process name as `ss -p` shows it (`master`)."""
    log: str = ""
    """Where it usually logs: a path, or a `journalctl` argument."""
    config: str = ""
    """The main configuration file, or the folder of all of them."""
    config_key: str = ""
    """The key that decides the listen address (`inet_interfaces`), as grep -E finds it."""
    test_command: str = ""
    """A command that speaks to it by hand; {host} and {port} are filled in."""
