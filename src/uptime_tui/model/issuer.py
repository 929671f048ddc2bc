"""Who made a certificate, by the names in it: a public authority, one that is asked by a program, an installer. Pure.

Names only: whoever makes a certificate for himself may write any of them into it. Good for hints, never for trust.
"""

import re
from typing import Final

from uptime_tui.model.pattern import pattern

_ACME: Final = pattern(r"Let's Encrypt|ZeroSSL|Google Trust Services|Buypass", re.IGNORECASE)
_PUBLIC: Final = pattern(
    r"Let's Encrypt|ZeroSSL|Google Trust|Buypass|DigiCert|GeoTrust|RapidSSL|Thawte|Sectigo|COMODO|USERTRUST|GlobalSign"
    r"|GoDaddy|Starfield|Amazon|Entrust|SSL\.com|IdenTrust|Actalis|HARICA|Certum|QuoVadis|SwissSign|Telekom Security"
    r"|D-TRUST|Microsoft Azure",
    re.IGNORECASE,
)
_MAKERS: Final = tuple(
    (pattern(words, re.IGNORECASE), who)
    for words, who in (
        (r"Kubernetes Ingress Controller Fake Certificate", "ingress-nginx for a host without a secret"),
        (r"TRAEFIK DEFAULT CERT", "Traefik for a host without a certificate"),
        (r"SSL_Self_Signed_Fallback", "SQL Server at each start"),
        (r"\bPlesk\b|\bParallels\b", "Plesk at its installation"),
        (r"\bcPanel\b|\bWHM\b", "cPanel at its installation"),
        (r"\bsnake ?oil\b", "Apache or Debian's ssl-cert as an example"),
        (r"\bIMAPd? server\b|Dovecot mail server", "Dovecot or Courier at its installation"),
        (r"Caddy Local Authority", "Caddy for a name that no authority knows"),
        (
            r"\b(?:VMware|vSphere|Proxmox|PVE Cluster|UBNT|UniFi|FortiGate|Fortinet|pfSense|OPNsense|Synology|QNAP)\b",
            "the appliance for itself",
        ),
        (
            r"^(?:localhost(?:\.localdomain)?|debian|ubuntu|server|example\.com|.*SomeOrganization)(?:,|\n)",
            "an installer, for a machine without a name",
        ),
    )
)


def is_acme(issuer: str) -> bool:
    """Whether the authority issues by ACME (RFC 8555) first of all, so that a program renews what it issued."""
    return bool(_ACME.search(issuer))


def is_public(issuer: str) -> bool:
    """Whether this is the name of an authority that browsers trust."""
    return bool(_PUBLIC.search(issuer))


def installer(subject: str, issuer: str) -> str:
    """Which product makes such certificates for itself, and when; empty where none is known to."""
    if is_public(issuer):
        return ""
    text = f"{subject}\n{issuer}\n"
    return next((who for known, who in _MAKERS if known.search(text)), "")
