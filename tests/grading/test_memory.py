"""The memory limit for judging: allocations beyond it fail, and it ends with its block."""

import resource
import subprocess
import sys
import threading

import numpy as np
import pytest

from autograder.judgement import memory
from autograder.judgement.memory import memory_limited

MIB = 2**20


def now():
    return resource.getrlimit(resource.RLIMIT_DATA)


def test_memory_beyond_the_limit_is_refused_and_available_again_afterwards():
    with memory_limited(64 * MIB):
        np.ones(32 * MIB, dtype=np.uint8)
        with pytest.raises(MemoryError):
            np.ones(128 * MIB, dtype=np.uint8)
        with pytest.raises(MemoryError):
            bytearray(128 * MIB)
    assert np.ones(128 * MIB, dtype=np.uint8).all()


def test_the_limit_counts_many_small_allocations():
    held = []
    with memory_limited(64 * MIB), pytest.raises(MemoryError):
        held += [np.ones(MIB, dtype=np.uint8) for _ in range(500)]
    before = now()
    with pytest.raises(KeyError), memory_limited(64 * MIB):
        raise KeyError
    assert now() == before


def test_nested_and_concurrent_blocks_restore_the_limit():
    before = now()
    first_is_in, second_is_in = threading.Event(), threading.Event()

    def first():
        with memory_limited(256 * MIB):
            first_is_in.set()
            second_is_in.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    first_is_in.wait(10)
    with memory_limited(256 * MIB), memory_limited(256 * MIB):
        second_is_in.set()
        thread.join()
        assert now() != before, "the block that came second is not over"
    assert now() == before


def test_a_lower_limit_is_not_raised():
    code = (
        "import resource\n"
        "from autograder.judgement.memory import memory_limited\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (400 * 2**20, 2**33))\n"
        "with memory_limited(2**32):\n"
        "    print(resource.getrlimit(resource.RLIMIT_DATA) == (400 * 2**20, 2**33))\n"
        "print(resource.getrlimit(resource.RLIMIT_DATA) == (400 * 2**20, 2**33))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]


def test_nothing_is_limited_where_memory_use_is_unknown(monkeypatch):
    monkeypatch.setattr(memory, "_private_bytes", lambda: None)
    before = now()
    with memory_limited(1):
        assert now() == before
    assert now() == before


def test_blas_does_not_end_the_process_when_memory_runs_out():
    code = (
        "import numpy as np\n"
        "from autograder.judgement.memory import memory_limited\n"
        "a, out = np.ones((2000, 2000)), np.ones((2000, 2000))\n"
        "with memory_limited(2**20):\n"
        "    np.matmul(a, a, out=out)\n"
        "print(out[0, 0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("2000.0\n", "")


def test_a_sandbox_started_under_the_limit_does_not_inherit_it(right, graded):
    with memory_limited(64 * MIB):  # as if another thread were judging
        assert graded(right).score == 5
