"""What was handed to the journal and is not on disk yet: bounded, and of every record only its newest form."""

import threading
from collections import deque
from typing import Any, Final

KEPT_ROWS: Final = 200_000
"""Results kept in memory while the disk refuses them, about 25 MB."""
KEPT_HISTORY: Final = 20_000
"""Events, incidents and diagnoses kept then."""
_TRIM_ROWS: Final = 1000
_HISTORY: Final = frozenset({"event", "incident", "diagnosis"})

Key = tuple[str, int]
"""What a statement writes: two with the same key are one, the newer."""
Statement = tuple[str, tuple[Any, ...]]
Row = tuple[int, int]


class Waiting:
    """Filled by the engine's thread, emptied by the writer's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: deque[Row] = deque()
        """Never another one, so that a row can be added without the lock; who takes rows out has it."""
        self._statements: dict[Key, Statement] = {}
        self._serial = 0
        self.dropped = 0
        """Results and events given up for want of room."""

    def __len__(self) -> int:
        return len(self._results)

    def __bool__(self) -> bool:
        return bool(self._results or self._statements)

    def add_result(self, row: Row) -> int:
        """Add one row of the append table; returns how many wait."""
        results = self._results
        results.append(row)
        count = len(results)
        if count > KEPT_ROWS:
            with self._lock:
                for _ in range(min(_TRIM_ROWS, len(results))):
                    results.popleft()
                    self.dropped += 1
        return count

    def put(self, kind: str, number: int | None, statement: str, *values: object) -> None:
        """Add a statement.

        Args:
            kind: what it writes.
            number: of the record; None: it stands for itself, in the order in which it came.
            statement: SQL.
            values: its parameters.
        """
        with self._lock:
            self._serial += 1
            key = (kind, self._serial) if number is None else (kind, number)
            self._statements[key] = statement, values
            if kind in _HISTORY and len(self._statements) > 2 * KEPT_HISTORY:
                self._trim_history()

    def take(self) -> tuple[list[Row], dict[Key, Statement]]:
        """All that waits, oldest first; nothing waits afterwards."""
        with self._lock:
            results = [self._results.popleft() for _ in range(len(self._results))]
            statements, self._statements = self._statements, {}
        return results, statements

    def give_back(self, results: list[Row], statements: dict[Key, Statement]) -> None:
        """What could not be written waits again, before what came meanwhile."""
        with self._lock:
            excess = max(0, len(results) + len(self._results) - KEPT_ROWS)
            self._results.extendleft(reversed(results[excess:]))
            self.dropped += min(excess, len(results))
            self._statements = {**statements, **self._statements}
            self._trim_history()

    def _trim_history(self) -> None:
        history = [key for key in self._statements if key[0] in _HISTORY]
        for key in history[: max(0, len(history) - KEPT_HISTORY)]:
            del self._statements[key]
            self.dropped += 1
