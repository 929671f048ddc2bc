"""What a pattern may use: Debian 12 has Python 3.11.2, whose possessive quantifiers lose matches."""

import ast
import re
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "uptime_tui"
POSSESSIVE = re.compile(r"[*+?}]\+|\(\?>")
SETS_AND_ESCAPES = re.compile(r"\\.|\[[^]]*\]")


def patterns():
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"re.compile", "pattern"}:
                for part in ast.walk(node.args[0]):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield path.name, part.value


def test_no_pattern_is_possessive_or_atomic():
    found = list(patterns())
    assert len(found) > 20
    assert [name for name, text in found if POSSESSIVE.search(SETS_AND_ESCAPES.sub("x", text))] == []
