"""A pool of worker processes, some of which die."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pool_tasks
import pytest

from autograder.cohort.pool import (
    KILLS,
    MOST_KEPT_AT_ONCE,
    Failed,
    Processes,
    closing,
    completed,
)


@pytest.mark.parametrize("workers", [1, 3])
def test_every_task_is_done_once_whatever_the_number_of_workers(workers):
    with closing(Processes(workers)) as pool:
        found = list(completed(range(20), pool_tasks.squared, 1, pool))
    assert sorted(found) == [(n, n**2 + 1) for n in range(20)]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_task_that_kills_its_process_affects_no_other_task(tmp_path, workers):
    with closing(Processes(workers)) as pool:
        found = dict(completed(range(8), pool_tasks.deadly, str(tmp_path), pool))
    assert set(found) == set(range(8))
    assert isinstance(found[3], Failed)
    assert f"killed the grader's own process {KILLS} times" in found[3].reason
    assert found[5] == Failed("the grader could not grade it: ValueError: no good")
    assert [n for n in found if found[n] == n] == [n for n in found if n not in (3, 5)]
    assert (tmp_path / "5").read_text() == "2"  # "1", then "2": tried again


class Counting(ThreadPoolExecutor):
    """Counts the submitted tasks that are not done yet."""

    waiting = most = 0

    def submit(self, *task):
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        future = super().submit(*task)
        future.add_done_callback(lambda _: setattr(self, "waiting", self.waiting - 1))
        return future


def test_any_executor_works_and_few_tasks_are_submitted_ahead():
    class Threads:
        isolated, ahead = False, 4
        counting = Counting(1)

        def messages(self):
            return iter(())

        def executor(self, *, replace_broken=False, avoid=()):
            return self.counting

        def close(self):
            self.counting.shutdown()

    with closing(Threads()) as pool:
        assert len(list(completed(range(50), pool_tasks.squared, 0, pool))) == 50
        assert 2 <= pool.counting.most <= 4


def test_workers_end_when_their_parent_is_killed(tmp_path):
    script = (
        "import sys\n"
        "from autograder.cohort.pool import Processes, completed\n"
        "import pool_tasks\n"
        "if __name__ == '__main__':\n"
        "    list(completed(range(2), pool_tasks.slow, sys.argv[1], Processes(2)))\n"
    )
    (tmp_path / "main.py").write_text(script)
    seen = tmp_path / "seen"
    seen.mkdir()
    parent = subprocess.Popen(
        [sys.executable, str(tmp_path / "main.py"), str(seen)],
        env={**os.environ, "PYTHONPATH": str(Path(pool_tasks.__file__).parent)},
    )
    workers = _until(lambda: _ids(seen))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert _until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def test_an_interrupted_pool_does_not_wait_for_its_tasks(tmp_path):
    def interrupted():
        with closing(Processes(2)) as pool:
            for task in range(6):
                pool.executor().submit(pool_tasks.slow, task, str(tmp_path))
            _until(lambda: len(_ids(tmp_path)) == 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not any(Path(f"/proc/{worker}").exists() for worker in _ids(tmp_path))


def test_tasks_tell_how_far_they_are():
    heard = []
    with closing(Processes(2)) as pool:
        list(completed(range(4), pool_tasks.telling, None, pool, heard.append))
        heard += pool.messages()
    assert sorted(heard) == [f"task {n}" for n in range(4)]


def test_while_results_are_kept_the_workers_get_their_next_tasks_but_not_without_end():
    unkept: list[tuple[Future, str]] = []
    most = [0]

    class Threads:
        isolated, ahead = True, 2

        def messages(self):
            """This is called again and again: when nothing more was started, all are kept."""
            if len(unkept) > most[-1]:
                most.append(len(unkept))
            else:
                most.append(0)
                while unkept:
                    future, content = unkept.pop()
                    future.set_result(content)
            return iter(())

        def executor(self, *, replace_broken=False, avoid=()):
            return workers

    def keep(task, result):
        unkept.append((Future(), f"kept {result}"))
        return unkept[-1][0]

    with ThreadPoolExecutor(2) as workers:
        found = dict(completed(range(40), lambda n, _: n, None, Threads(), kept=keep))
    assert found == {n: f"kept {n}" for n in range(40)}
    assert MOST_KEPT_AT_ONCE <= max(most) <= MOST_KEPT_AT_ONCE + Threads.ahead


def _ids(folder):
    return [int(path.name) for path in folder.iterdir() if path.name.isdigit()]


def _until(found, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.05)
    raise AssertionError("it did not happen")
