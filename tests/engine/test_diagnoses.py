"""A confirmed failure is explained without being asked, its facts reach who looks, and it can be read long after."""

import json
import sqlite3
from contextlib import closing

import pytest

from cli.test_check import run
from engine.test_engine import Watcher, home, listening, write  # noqa: F401 - home is a fixture
from uptime_tui.client.spawn import find_or_start, stop
from uptime_tui.journal.reader import Reader
from uptime_tui.model.failure import Failure, Status
from uptime_tui.wire.messages import AskDiagnosis, Diagnose, Recheck

pytestmark = pytest.mark.timeout(90)


def found(watcher):
    focus = watcher.snapshot.focus
    return focus.diagnosis if focus is not None else None


def is_complete(watcher):
    diagnosis = found(watcher)
    return diagnosis is not None and diagnosis.complete


async def test_a_confirmed_failure_is_explained_kept_and_read_after_recovery_and_restart(home):  # noqa: F811
    with listening() as port:
        write(home, ("a", f"fast://127.0.0.1:{port}"))
        find_or_start(home, keep=True)
        watcher = await Watcher.attach(home)
        await watcher.until(lambda w: w.status("a") is Status.UP)
        number = watcher.id("a")
        watcher.session.focus(number)
        await watcher.until(lambda w: w.snapshot.focus is not None)
        assert found(watcher) is None
    await watcher.session.request(lambda n: Recheck(n, (number,)))
    await watcher.until(lambda w: w.status("a") is Status.DOWN)
    await watcher.until(is_complete)
    first = found(watcher)
    assert first.failure is Failure.REFUSED
    assert first.failed.failure is Failure.REFUSED
    assert first.last_good is not None
    assert first.last_good.failure is None
    assert first.suspects
    assert "rst" in {seen.id for seen in first.evidence}
    await watcher.until(lambda w: bool(w.snapshot.focus.incidents))
    incident = watcher.snapshot.focus.incidents[0].id
    kept = await watcher.session.request(lambda n: AskDiagnosis(n, incident))
    assert kept.diagnoses in ((), (first,))
    with listening(port):
        await watcher.session.request(lambda n: Recheck(n, (number,)))
        await watcher.until(lambda w: w.status("a") is Status.UP)
        assert found(watcher).at_ms == first.at_ms
        await watcher.close()
        stop(home)
        find_or_start(home, keep=True)
        watcher = await Watcher.attach(home)
        await watcher.until(lambda w: w.status("a") is Status.UP)
        watcher.session.focus(watcher.id("a"))
        await watcher.until(is_complete)
        assert found(watcher) == first
        reply = await watcher.session.request(lambda n: AskDiagnosis(n, incident))
        assert reply.diagnoses == (first,)
        await watcher.close()
    stop(home)
    replayed = json.loads(run("diagnose", "a", "--incident", "1", "--json", home=home.config).stdout)
    assert [fact["text"] for fact in replayed["evidence"]] == [seen.text for seen in first.evidence]
    assert [cause["id"] for cause in replayed["causes"]] == [suspect.id for suspect in first.suspects]
    missing = run("diagnose", "a", "--incident", "2", home=home.config)
    assert (missing.returncode, missing.stdout) == (64, "")
    assert "no incident 2 of a: only 1 known" in missing.stderr


async def test_one_that_the_end_of_the_engine_cut_short_is_made_by_the_next(home):  # noqa: F811
    with listening() as port:
        write(home, ("a", f"fast://127.0.0.1:{port}"))
    find_or_start(home, keep=True)
    watcher = await Watcher.attach(home)
    await watcher.until(lambda w: w.status("a") is Status.DOWN)
    watcher.session.focus(watcher.id("a"))
    await watcher.until(is_complete)
    await watcher.close()
    stop(home)
    with closing(sqlite3.connect(home.journal_file)) as journal, journal:
        journal.execute("DELETE FROM diagnosis")
    find_or_start(home, keep=True)
    watcher = await Watcher.attach(home)
    await watcher.until(lambda w: w.status("a") is Status.DOWN)
    watcher.session.focus(watcher.id("a"))
    await watcher.until(is_complete)
    incident = watcher.snapshot.focus.incidents[0].id
    await watcher.close()
    stop(home)
    with closing(Reader(home.journal_file)) as reader:
        assert len(reader.diagnoses(incident)) == 1
        assert reader.unexplained() == set()


async def test_it_is_made_anew_when_somebody_asks(home):  # noqa: F811
    with listening() as port:
        write(home, ("a", f"fast://127.0.0.1:{port}"))
        find_or_start(home, keep=True)
        watcher = await Watcher.attach(home)
        await watcher.until(lambda w: w.status("a") is Status.UP)
        watcher.session.focus(watcher.id("a"))
        reply = await watcher.session.request(lambda n: Diagnose(n, watcher.id("a")))
        assert reply.message == "diagnosing a"
        await watcher.until(is_complete)
        assert found(watcher).failure is None
        assert found(watcher).suspects == ()
        gone = await watcher.session.request(lambda n: Diagnose(n, 999))
        assert gone.error.startswith("that monitor is gone")
        await watcher.close()
