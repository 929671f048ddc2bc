"""The one error a user may see: what is wrong, where, and what to do about it."""


class UserError(Exception):
    """A fault of the user's input or environment, never of a target and never of ours.

    Attributes:
        what: what is wrong, one line, no trailing stop.
        where: file and line (`monitors.toml:12`), option, or field; empty when `what` already says it.
        todo: what to do, one line; empty only when `what` leaves no doubt.
        key: of a monitor's table, with dots (`expect.status`); empty where none of its keys is at fault.
    """

    def __init__(self, what: str, *, where: str = "", todo: str = "", key: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo
        self.key = key

    def __str__(self) -> str:
        """One line: `where: what (todo)`."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        line = f"{head} ({self.todo})" if self.todo else head
        return " ".join(line.split())
