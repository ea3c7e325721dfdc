"""Limits for submissions: time, memory, processes, files and output."""

from __future__ import annotations

from dataclasses import dataclass, replace

MIB = 2**20
WALL_PER_CPU_SECOND = 20
"""By how many seconds each second of used CPU time extends a wall-clock limit.

A grade must not depend on the load of the machine. So CPU time decides, and wall-clock limits are
for processes that sleep. A process that computes and gets at least a twentieth of a core never
reaches them.
"""


@dataclass(frozen=True)
class Limits:
    """Limits for one probe and all processes that it starts.

    CPU time decides, because it does not depend on the load of the machine. Wall-clock limits are
    for processes that sleep, see `WALL_PER_CPU_SECOND`.

    Attributes:
        cpu_s: CPU time, in whole seconds because the kernel's limit is.
        wall_s: wall-clock seconds.
        memory_bytes: address space of each process.
        total_bytes: memory of all processes together (measured periodically, from outside).
        processes: number of processes and threads, including the worker's own two.
        open_files: number of descriptors of each process.
        file_bytes: size of the largest file.
        disk_bytes: size of the writable folder.
        output_bytes: bytes that a probe may send, including headers.
    """

    cpu_s: int = 5
    wall_s: float = 15.0
    memory_bytes: int = 1024 * MIB
    total_bytes: int = 2048 * MIB
    processes: int = 16
    open_files: int = 64
    file_bytes: int = 16 * MIB
    disk_bytes: int = 32 * MIB
    output_bytes: int = 32 * MIB


@dataclass(frozen=True)
class Budget:
    """Limits for a whole submission.

    A hang in one layer hangs every probe that uses it. Probes that time out share `patience_s`.
    When it is used up, each later probe still gets `least_s`, which is many times what a correct
    probe takes. So the full time of a hang is spent about once, and only the probes that hang fail.

    Attributes:
        probe: the limits of each probe.
        patience_s: CPU seconds that all probes that time out may use together.
        least_s: CPU seconds that every probe gets, even when `patience_s` is used up.
        together_s: CPU seconds for all probes in one process: several times what correct work
            takes. A submission that needs more is run again, probe by probe.
        import_cpu_s: CPU seconds to import one module of the library.
        import_wall_s: wall-clock seconds to import one module of the library.
        slack_s: seconds by which a worker may exceed a probe's limit of CPU or wall-clock time
            before the worker itself is killed.
        wall_s: wall-clock seconds for the whole run, extended by the CPU time it uses.
        longest_s: wall-clock seconds for the whole run that nothing extends.
        output_bytes: bytes that the worker may send in total.
    """

    probe: Limits = Limits()
    patience_s: int = 5
    least_s: int = 1
    together_s: int = 2
    import_cpu_s: int = 5
    import_wall_s: float = 20.0
    slack_s: float = 10.0
    wall_s: float = 300.0
    longest_s: float = 900.0
    output_bytes: int = 128 * MIB


SUBMISSION = Budget()
TOGETHER = replace(SUBMISSION, wall_s=60.0, longest_s=180.0)
PROBE_BY_PROBE = replace(SUBMISSION, wall_s=240.0, longest_s=720.0)
"""How a submission's time is split: first all probes in one process, then single probes again."""

OURS = Budget(probe=Limits(cpu_s=60, wall_s=180.0), together_s=60)
"""For the solution: enough time for it to finish even on a slow machine."""

TRAINING = Budget(
    probe=Limits(
        cpu_s=900,
        wall_s=900.0,
        memory_bytes=3072 * MIB,
        total_bytes=3072 * MIB,
        output_bytes=160 * MIB,
    ),
    patience_s=900,
    wall_s=1000.0,
    longest_s=3600.0,
    output_bytes=192 * MIB,
)
"""For a training by the student's own code, see `training/fresh.py`; correct code takes 2 s."""
