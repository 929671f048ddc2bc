"""Imports without the garbage collector: a fifth of what a command costs before its work begins, and at its end."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """For imports of many modules: nothing that an import makes is garbage, so nobody looks for it meanwhile.

    What there is afterwards stays to the end of the process and is never looked at again (`gc.freeze`): Python would
    do so several times when it ends.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
