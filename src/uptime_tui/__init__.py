"""Terminal monitor for services that sysadmins keep open over SSH."""

__version__ = "0.1.0"
