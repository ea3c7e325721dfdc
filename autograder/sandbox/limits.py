"""How much a submission may use: of time, memory, processes, files and output."""

from __future__ import annotations

from dataclasses import dataclass, replace

MIB = 2**20
WALL_PER_CPU_SECOND = 20
"""Seconds by the clock that each second of processor time is worth to a limit by the clock.

A grade must not depend on what else a machine does. So processor time decides, and limits by the
clock are for what sleeps: the time that a process was given counts against them 20-fold in its
favour. One that computes and gets a twentieth of a processor or more never meets them.
"""


@dataclass(frozen=True)
class Limits:
    """What one process of a submission, a probe with what it starts, may use.

    Processor time decides, because it is the same on a busy machine; time by the clock is for what
    sleeps, see `WALL_PER_CPU_SECOND`. Memory is the address space of each process.

    Attributes:
        cpu_s: seconds of processor time (whole seconds: that is what the kernel counts in).
        wall_s: seconds by the clock.
        memory_bytes: address space of a process.
        total_bytes: memory that all processes hold together (looked at now and then, from outside).
        processes: processes and threads together, the worker's own two included.
        open_files: descriptors.
        file_bytes: the largest file.
        disk_bytes: the small writable folder as a whole.
        output_bytes: what a probe may send, arrays and headers together.
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
    """What a whole submission may use.

    A hang in one layer hangs every probe that uses it. Probes that run out of time draw on
    `patience_s`; when it is used up, each later probe still gets `least_s`, many times what an
    honest one takes, so that a hang is paid for about once and costs nothing but the probes that
    hang.

    Attributes:
        probe: the limits of each probe.
        patience_s: processor seconds that probes without an end may use up together.
        least_s: processor seconds that every probe gets whatever came before.
        together_s: processor seconds of all probes in one process, several times what an honest
            work takes; one that needs more is asked again, probe by probe.
        import_cpu_s: processor seconds for the import of one module of the library.
        import_wall_s: the same by the clock.
        slack_s: by how much a worker may be late with the end of a probe before it is ended itself.
        wall_s: the whole run, by the clock.
        longest_s: the same, whatever it did in that time.
        output_bytes: everything that the worker may send.
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
"""The parts of it that all probes in one process have, and those that are asked again."""

OURS = Budget(probe=Limits(cpu_s=60, wall_s=180.0), together_s=60)
"""For the solution, which comes to its end, on a slow machine, too."""

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
"""For the student's own code on the problem of a grading, which takes right work two seconds."""
