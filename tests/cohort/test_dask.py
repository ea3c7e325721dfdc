"""A Dask cluster whose scheduler and workers are stopped, killed and run out of disk.

Its workers have the package, and an empty folder each.
"""

import asyncio
import signal
import threading
import time

import pool_tasks
import pytest
from tiny_assignment import ASSIGNMENT as TINY

from autograder.cohort import cluster as clusters
from autograder.cohort import pool as pools
from autograder.cohort.cluster import Cluster, ClusterError
from autograder.cohort.pool import closing, completed
from autograder.cohort.run import run

pytest.importorskip("distributed")

from dask_processes import DaskProcesses

SEED, DUE = 31, "2026-11-20 23:59 UTC"


@pytest.fixture
def dask(tmp_path):
    processes = DaskProcesses(tmp_path / "dask")
    yield processes
    processes.close()


@pytest.fixture
def connected(dask, monkeypatch):
    """`connected(workers, announced)`: a cluster with so many workers."""
    monkeypatch.setattr(clusters, "CONNECT_TIMEOUT_S", 60)

    def connect(workers=2, announce=lambda text: None):
        for _ in range(workers):
            dask.start_worker()
        return waited(dask, workers, announce)

    return connect


def waited(dask, workers, announce=lambda text: None):
    dask.wait_for_workers(workers)
    return Cluster(dask.address, announce)


def soon(happened, act):
    """Does something in another thread, as soon as something has happened."""

    def wait():
        while not happened():
            time.sleep(0.02)
        act()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    return thread


def working_at(folder, worker):
    return list(folder.glob(f"*-{worker.pid}"))


@pytest.mark.proof
@pytest.mark.parametrize("signals", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "cut off"])
def test_the_tasks_of_a_lost_worker_are_done_by_another(dask, connected, tmp_path, signals):
    seen = tmp_path / "seen"
    seen.mkdir()
    with closing(connected()) as pool:
        lost = dask.workers[0]
        thread = soon(lambda: working_at(seen, lost), lambda: lost.send_signal(signals))
        found = dict(completed(range(6), pool_tasks.lasting, str(seen), pool))
    thread.join()
    assert found == {n: n for n in range(6)}


@pytest.mark.proof
def test_a_task_that_kills_its_worker_is_set_aside_after_two(dask, connected, tmp_path):
    with closing(connected(4)) as pool:  # task 4 kills another one
        found = dict(completed(range(8), pool_tasks.deadly, str(tmp_path), pool))
    assert "2 times" in found[3].reason
    assert (tmp_path / "3").read_text() == "2"
    assert found[5].reason.startswith("the grader could not grade it: ValueError: no good (on the ")
    assert [n for n in found if found[n] == n] == [n for n in found if n not in (3, 5)]


@pytest.mark.proof
def test_what_waits_behind_a_task_that_kills_its_worker_is_not_blamed(
    dask, connected, tmp_path, monkeypatch
):
    monkeypatch.setattr(pools, "KILLS", 1)  # who is blamed once is set aside
    pool = connected(4)
    assert pool.ahead == 8  # behind task 3 waits task 7, behind task 4 perhaps another
    with closing(pool):
        found = dict(completed(range(16), pool_tasks.deadly, str(tmp_path), pool))
    assert [n for n in range(16) if found[n] != n] == [3, 4, 5]


@pytest.mark.proof
def test_a_task_repeated_after_its_result_was_lost_can_fail(dask, connected, tmp_path, monkeypatch):
    """Dask itself repeats a task whose worker dies before the result is fetched."""
    pool, seen, repeated = connected(4), tmp_path / "seen", threading.Event()
    seen.mkdir()
    client = pool._client
    fetch = client._gather_remote

    async def fetch_late(*args):
        while not repeated.is_set():
            await asyncio.sleep(0.02)
        return await fetch(*args)

    def lose():
        next(w for w in dask.workers if working_at(seen, w)).kill()
        soon(lambda: {f.status for f in client.futures.values()} == {"error"}, repeated.set)

    monkeypatch.setattr(client, "_gather_remote", fetch_late)
    thread = soon(lambda: any(client.has_what().values()), lose)
    with closing(pool):
        found = dict(completed(range(1), pool_tasks.deadly_when_repeated, str(seen), pool))
    thread.join()
    assert "2 times" in found[0].reason
    assert len(list(seen.iterdir())) == 3


@pytest.mark.proof
def test_a_worker_whose_disk_is_full_gets_no_more_tasks(dask, tmp_path):
    dask.start_worker(DISK_IS_FULL="1")
    dask.start_worker()
    announced = []
    with closing(waited(dask, 2, announced.append)) as pool:
        found = dict(completed(range(20), pool_tasks.filling, str(tmp_path), pool))
    assert found == {n: n for n in range(20)}
    assert 1 <= len(list(tmp_path.glob("failed-*"))) <= 2
    assert [text for text in announced if "gets no more tasks" in text] == announced
    assert len(announced) == 1


@pytest.mark.proof
def test_a_scheduler_that_comes_back_is_waited_for(dask, connected, tmp_path, monkeypatch):
    announced, again = [], []
    pool = connected(2, announced.append)

    def restart():
        dask.scheduler.kill()
        dask.scheduler.wait()
        dask.start_scheduler()
        again.append(dask.start_worker())

    with closing(pool):
        thread = soon(lambda: list(tmp_path.glob("1-*")), restart)
        found = dict(completed(range(5), pool_tasks.lasting, str(tmp_path), pool))
        thread.join()
    assert found == {n: n for n in range(5)}
    assert "does not answer" in announced[0]
    assert announced[-1] == "It is back."


@pytest.mark.proof
@pytest.mark.parametrize("signals", [signal.SIGKILL, signal.SIGSTOP], ids=["gone", "silent"])
def test_a_scheduler_that_stays_away_ends_the_run(dask, connected, tmp_path, monkeypatch, signals):
    monkeypatch.setattr(clusters, "WAIT_S", 3)
    monkeypatch.setattr(clusters, "ANSWER_TIMEOUT_S", 2)
    pool = connected()
    monkeypatch.setattr(clusters, "CONNECT_TIMEOUT_S", 2)
    soon(lambda: list(tmp_path.glob("1-*")), lambda: dask.scheduler.send_signal(signals))
    with pytest.raises(ClusterError, match="--resume"), closing(pool):
        dict(completed(range(20), pool_tasks.lasting, str(tmp_path), pool))


@pytest.mark.proof
def test_tasks_on_a_cluster_tell_how_far_they_are(connected):
    heard = []
    with closing(connected(1)) as pool:
        for _ in completed(range(4), pool_tasks.telling, None, pool, heard.append):
            pass
        while len(heard) < 4:  # the last may come after the result
            heard += pool.messages()
    assert sorted(heard) == [f"task {n}" for n in range(4)]


@pytest.mark.proof
def test_what_was_sent_is_forgotten_so_memory_does_not_grow_with_the_class(dask, connected):
    with closing(connected(1)) as pool:
        dask.start_worker()  # one that joins later
        dask.wait_for_workers(2)
        for _ in completed(range(60), pool_tasks.telling, None, pool):
            pass
        at_the_scheduler = pool._client.run_on_scheduler(
            lambda dask_scheduler: [  # a lambda, because the scheduler has no file of the tests
                len(connection.recent_message_log)
                for connection in dask_scheduler.stream_comms.values()
            ]
        )
        assert len(at_the_scheduler) == 2
        here = len(pool._client.scheduler_comm.recent_message_log)
        assert max(here, *at_the_scheduler) <= clusters.MESSAGES_KEPT


@pytest.mark.proof
def test_a_class_has_the_same_results_on_workers_without_its_files(
    dask, connected, a_class, undisturbed, start, results, tmp_path
):
    """One of them is killed."""
    connected(2).close()
    out = tmp_path / "out"
    lost = dask.workers[0]
    soon(lambda: list(out.glob("observations/*/grade.json")), lambda: lost.kill())
    process = start(a_class, out, "--seed", SEED, "--due", DUE, "--scheduler", dask.address)
    said, _ = process.communicate(timeout=500)
    assert process.returncode == 0, said + dask.log()
    assert results(out) == results(undisturbed[0])
    again = start(a_class, out, "--resume", "--scheduler", dask.address)
    said, _ = again.communicate(timeout=500)
    assert again.returncode == 0, said
    assert results(out) == results(undisturbed[0])


@pytest.mark.proof
def test_a_class_whose_scheduler_is_gone_is_resumed_without_it(
    dask, connected, a_class, undisturbed, results, tmp_path, monkeypatch
):
    connected(2).close()
    monkeypatch.setattr(clusters, "WAIT_S", 3)
    monkeypatch.setattr(clusters, "CONNECT_TIMEOUT_S", 2)
    out, options = tmp_path / "out", {"seed": SEED, "due": DUE}
    kept = lambda: list(out.glob("observations/*/grade.json"))  # noqa: E731
    thread = soon(kept, dask.scheduler.kill)
    with pytest.raises(ClusterError, match="--resume"):
        run(TINY, a_class, out, scheduler=dask.address, **options)
    thread.join()
    assert kept()
    run(TINY, a_class, out, workers=2, resume=True, **options)
    assert results(out) == results(undisturbed[0])


@pytest.mark.proof
def test_what_all_tasks_share_is_pickled_once_and_is_one_object_at_a_worker(connected):
    """Nor does the scheduler unpickle it: it has no file of the tests."""
    before = pool_tasks.Shared.times
    with closing(connected(1)) as pool:
        found = dict(completed(range(10), pool_tasks.same, pool_tasks.Shared(), pool))
    assert len(found) == 10
    assert len(set(found.values())) == 1
    assert pool_tasks.Shared.times == before + 1
