"""The demo's class on a Dask cluster of two workers, one of which is killed during the run."""

import os
import signal
import threading
import time

import pytest

from autograder.cohort import cluster as clusters
from autograder.cohort.cluster import Cluster, ClusterError
from autograder.cohort.run import CohortError, run
from autograder.problem_1 import ASSIGNMENT as P1
from autograder.problem_1 import demo_class, svhn

SEED = 31


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """Two workers without images, also where this checkout has some."""
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("SVHN_DIR", str(tmp_path / "none"))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.mark.proof
def test_a_cluster_that_loses_a_worker_gives_the_same_results(results, cluster, tmp_path):
    made_up, here, out, killed = tmp_path / "class", tmp_path / "here", tmp_path / "out", []
    made_up.mkdir()
    assert demo_class.make(made_up) >= 24
    run(P1, made_up, here, workers=2, seed=SEED, due=demo_class.DUE)

    def kill():
        while not list(out.glob("observations/*/grade.json")):
            time.sleep(0.02)
        pid = next(iter(cluster.workers.values())).process.pid
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    run(P1, made_up, out, scheduler=cluster.scheduler_address, seed=SEED, due=demo_class.DUE)
    killer.join(timeout=10)
    assert killed
    assert results(out) == results(here)


@pytest.mark.proof
def test_a_worker_without_the_images_is_named_and_nothing_is_graded(cluster, tmp_path, monkeypatch):
    made_up, data, out = tmp_path / "class", tmp_path / "data", tmp_path / "out"
    made_up.mkdir()
    demo_class.make(made_up)
    mode = P1.training.modes["short"]
    svhn.draw(data, train=mode.training + mode.validation, test=20)
    monkeypatch.setenv("SVHN_DIR", str(data))  # not for the workers, which run already
    with pytest.raises(CohortError, match=r"nothing was graded: DataError.*on the worker tcp://"):
        run(P1, made_up, out, scheduler=cluster.scheduler_address, training="short", seed=SEED)
    assert not list(out.glob("observations/*/grade.json"))


def test_an_address_without_a_scheduler_gives_an_error_message(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(clusters, "CONNECT_TIMEOUT_S", 1)
    with pytest.raises(ClusterError, match="there is no Dask scheduler at tcp"):
        Cluster("tcp://127.0.0.1:9")
