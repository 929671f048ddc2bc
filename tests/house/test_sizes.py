"""The house's limits: files, functions, fan-out, and names that are never given."""

import ast
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "uptime_tui"
FILES = sorted(SOURCE.rglob("*.py"))
BANNED = {"utils", "util", "helpers", "common", "misc", "manager", "handler", "base"}
ALLOWED = {SOURCE / "vantage" / "base.py"}
WIDE = {SOURCE / "engine" / "main.py", SOURCE / "cli" / "main.py"}


def lines(path):
    return len(path.read_text().splitlines())


def name(path):
    return str(path.relative_to(SOURCE))


def test_files_are_short():
    sizes = {name(path): lines(path) for path in FILES}
    assert {file: size for file, size in sizes.items() if size > 400} == {}
    assert statistics.median(size for size in sizes.values() if size) < 150


def test_test_files_are_bounded():
    sizes = {str(path.relative_to(ROOT)): lines(path) for path in (ROOT / "tests").rglob("*.py")}
    assert {file: size for file, size in sizes.items() if size > 600} == {}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_functions_are_short(path):
    functions = (
        n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions if f.end_lineno - f.lineno + 1 > 60}
    assert long == {}


def imports(path):
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("uptime_tui."):
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("uptime_tui.")}
    return found


@pytest.mark.parametrize("path", FILES, ids=name)
def test_fan_out_is_bounded(path):
    assert len(imports(path)) <= (20 if path in WIDE else 12), sorted(imports(path))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_names_say_what_a_module_is(path):
    assert path.stem not in BANNED or path in ALLOWED
    assert not BANNED & set(path.relative_to(SOURCE).parts[:-1])


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_module_says_what_it_is_for(path):
    tree = ast.parse(path.read_text())
    assert not tree.body or ast.get_docstring(tree)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_is_left_undone(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Raise) and "NotImplementedError" in ast.dump(node):
            pytest.fail(f"line {node.lineno}: NotImplementedError")
    text = path.read_text()
    assert "TODO" not in text
    assert "FIXME" not in text
