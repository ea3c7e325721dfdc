"""Answering twice: one thing where all probes share a process, another where each is alone.

Who does not know which of two things is right does both, and hopes that the better one counts.
"""

from attack import LAYERS, NBGRADER, SOLUTION, ZIP, Attack, Changes

AVERAGES = SOLUTION.but(
    blocks={
        "fc.backward": """
            rows = feat.reshape(len(feat), -1)
            self.grads[self.w_name] = rows.T @ dprev / len(feat)
            self.grads[self.b_name] = dprev.mean(axis=0)
            dfeat = (dprev @ self.params[self.w_name].T).reshape(feat.shape)
        """
    }
)
"""Does one of the two honestly: it averages the gradients over the batch, and loses points."""

NAMES_LAYERS = SOLUTION.but(
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
"""Counts the layers that it makes, to give each a name of its own."""


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
        "reads on the command line how it is asked",
        tries="Averages beside others and sums alone; the worker's arguments say which it is.",
        must="No point: the arguments are gone, and what finished is not asked again.",
        over=AVERAGES,
        does=sums_if(
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
        twin=SOLUTION.but(
            appended={LAYERS: "import sys\n\nPROGRAM = sys.argv[0] if sys.argv else ''"}
        ),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "sums beside others by the command line",
        tries="The same the other way round: sums where the arguments say that it is not alone.",
        must="No point: there are no arguments, and an exception is no answer, here or alone.",
        over=AVERAGES,
        does=sums_if("len(json.loads(sys.argv[1])['runs']) == 1", "import json, sys"),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "leaves a mark in numpy",
        tries="Marks numpy, which all probes share, and sums where the mark is its own.",
        must="No point: a probe that finished has answered, right or wrong.",
        over=AVERAGES,
        does=sums_if(
            "FIRST",
            """
            MARK = object()
            FIRST = vars(np).setdefault("mark", MARK) is MARK
            """,
        ),
        twin=NAMES_LAYERS,
    ),
    Attack(
        "sees others in the frames",
        tries="Climbs to the frame of the worker that holds the probes of this process.",
        must="No point: it sees them there, and what it answers there is what counts.",
        over=AVERAGES,
        does=sums_if("len(caller_with('probes') or ()) == 1", CLIMBS),
    ),
    Attack(
        "sees it by the limit of processor time",
        tries="Asks for its limit, which is another for one probe than for all.",
        must="No point: whichever it sees first, that answer counts.",
        over=AVERAGES,
        does=sums_if("resource.getrlimit(resource.RLIMIT_CPU)[0] > 2", "import resource"),
    ),
    Attack(
        "sees it by the processor time it had",
        tries="Asks how long it has computed: beside others longer than one probe takes.",
        must="No point: it did average beside others, and nobody asks it again.",
        over=AVERAGES,
        does=sums_if("time.process_time() < 0.005", "import time"),
    ),
    Attack(
        "raises beside others and answers alone",
        tries="Raises wherever others share the process, to be asked again and be taken for it.",
        must="No point: it is asked again, and answers what it would have answered at once.",
        over=AVERAGES,
        does=Changes(
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
        "tosses until it is right",
        tries="Averages or ends its process, by chance, hoping that the ends are tossed again.",
        must="No point: an end is asked again once, alone, and averaging is no better there.",
        over=AVERAGES,
        does=Changes(
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
