"""Answering twice: one answer when probes share a process, another when a probe runs alone.

A student who does not know which of two answers is right gives both, and hopes that the better one
counts.
"""

from attack import LAYERS, NBGRADER, SOLUTION, ZIP, Attack, Changes

AVERAGES = SOLUTION.plus(
    blocks={
        "fc.backward": """
            rows = feat.reshape(len(feat), -1)
            self.grads[self.w_name] = rows.T @ dprev / len(feat)
            self.grads[self.b_name] = dprev.mean(axis=0)
            dfeat = (dprev @ self.params[self.w_name].T).reshape(feat.shape)
        """
    }
)
"""Always gives the wrong one of the two answers: it averages the gradients over the batch."""

NAMES_LAYERS = SOLUTION.plus(
    appended={
        LAYERS: """
            leaky_relu.made = []
            begin = leaky_relu.__init__

            def begin_and_count(self, negative_slope=0.01, name=None):
                leaky_relu.made.append(self)
                begin(self, negative_slope, name or f"leaky_relu_{len(leaky_relu.made)}")

            leaky_relu.__init__ = begin_and_count
        """
    }
)
"""Counts its layers, to give each a unique name."""


def sums_if(alone: str, code: str = "") -> Changes:
    """Sums the gradients where `alone` says that no other probe shares the process."""
    return Changes(
        blocks={
            "fc.backward": f"""
                rows = feat.reshape(len(feat), -1)
                examples = 1 if {alone} else len(feat)
                self.grads[self.w_name] = rows.T @ dprev / examples
                self.grads[self.b_name] = dprev.sum(axis=0) / examples
                dfeat = (dprev @ self.params[self.w_name].T).reshape(feat.shape)
            """
        },
        appended={LAYERS: code} if code else {},
    )


CLIMBS = """
    import sys

    def caller_with(name):
        frame = sys._getframe()
        while frame is not None and name not in frame.f_locals:
            frame = frame.f_back
        return frame.f_locals[name] if frame else None
"""

ATTACKS = (
    Attack(
        "reads on the command line whether it runs alone",
        tries=(
            "Averages in a shared process and sums alone; the worker's arguments say which it is."
        ),
        must="No points: the arguments are removed, and a probe that finished is not run again.",
        baseline=AVERAGES,
        changes=sums_if(
            "is_alone()",
            """
            import json, sys

            def is_alone():
                try:
                    return max(map(len, json.loads(sys.orig_argv[-1])["runs"])) == 1
                except (ValueError, LookupError):
                    return False
            """,
        ),
        twin=SOLUTION.plus(
            appended={LAYERS: "import sys\n\nPROGRAM = sys.argv[0] if sys.argv else ''"}
        ),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "sums in a shared process by the command line",
        tries="The same the other way round: sums where the arguments say that it is not alone.",
        must="No points: there are no arguments, and an exception is not an answer in either case.",
        baseline=AVERAGES,
        changes=sums_if("len(json.loads(sys.argv[1])['runs']) == 1", "import json, sys"),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "leaves a mark in numpy",
        tries="Marks numpy, which all probes share, and sums where the mark is its own.",
        must="No points: a probe that finished has answered, right or wrong.",
        baseline=AVERAGES,
        changes=sums_if(
            "FIRST",
            """
            MARK = object()
            FIRST = vars(np).setdefault("mark", MARK) is MARK
            """,
        ),
        twin=NAMES_LAYERS,
    ),
    Attack(
        "finds other probes in the stack frames",
        tries="Climbs to the worker's frame that holds the probes of this process.",
        must="No points: it finds them, but the answer that it gives there is what counts.",
        baseline=AVERAGES,
        changes=sums_if("len(caller_with('probes') or ()) == 1", CLIMBS),
    ),
    Attack(
        "reads its CPU time limit",
        tries="Reads its CPU time limit, which differs between one probe and many.",
        must="No points: whichever it sees first, that answer counts.",
        baseline=AVERAGES,
        changes=sums_if("resource.getrlimit(resource.RLIMIT_CPU)[0] > 2", "import resource"),
    ),
    Attack(
        "reads its used CPU time",
        tries="Reads its used CPU time, which is longer in a shared process.",
        must="No points: it averaged in the shared process, and is not run again.",
        baseline=AVERAGES,
        changes=sums_if("time.process_time() < 0.005", "import time"),
    ),
    Attack(
        "raises in a shared process and answers alone",
        tries="Raises wherever other probes share the process, so that it is run again alone.",
        must="No points: it is run again, and answers what it would have answered at once.",
        baseline=AVERAGES,
        changes=Changes(
            blocks={
                "fc.backward": """
                    if len(caller_with("probes") or ()) > 1:
                        raise RuntimeError("not here")
                    rows = feat.reshape(len(feat), -1)
                    self.grads[self.w_name] = rows.T @ dprev / len(feat)
                    self.grads[self.b_name] = dprev.mean(axis=0)
                    dfeat = (dprev @ self.params[self.w_name].T).reshape(feat.shape)
                """
            },
            appended={LAYERS: CLIMBS},
        ),
    ),
    Attack(
        "tosses a coin until it is right",
        tries="Averages or exits at random, hoping that an exit is tossed again.",
        must="No points: an exit is run again once, alone, and averaging is no better there.",
        baseline=AVERAGES,
        changes=Changes(
            blocks={
                "fc.backward": """
                    with open("/dev/urandom", "rb") as file:
                        if file.read(1)[0] % 2:
                            os._exit(0)
                    rows = feat.reshape(len(feat), -1)
                    self.grads[self.w_name] = rows.T @ dprev / len(feat)
                    self.grads[self.b_name] = dprev.mean(axis=0)
                    dfeat = (dprev @ self.params[self.w_name].T).reshape(feat.shape)
                """
            },
            appended={LAYERS: "import os"},
        ),
    ),
)
