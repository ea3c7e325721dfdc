"""Reading the answers by knowing the questions: the seed, the inputs, and whether it is graded."""

from attack import ALL_ROADS, LAYERS, SOLUTION, STUB, Attack, Changes
from reading_the_process import LOSS_MISSING, ONE_BLOCK_MISSING, steals

ATTACKS = (
    Attack(
        "searches for the seed",
        tries="Tries small seeds until one gives the key, as this repository derives it.",
        must="No points and no seed: a key takes hundredths of a second, and there are millions.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import hashlib, hmac, json, sys, time

            def key_of(seed):
                secret = hashlib.scrypt(
                    str(seed).encode(), salt=b"a grading seed", n=2**13, r=8, p=1, dklen=32
                )
                return hmac.digest(secret, b"6:inputs", "sha256").hex()

            def steal(dprev):
                key, began, tried = json.loads(sys.argv[1])["key"], time.process_time(), 0
                while time.process_time() - began < 0.5:
                    if key_of(tried) == key:
                        return f"the seed is {tried}"
                    tried += 1
                return f"none of {tried} seeds"
        """),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
                    import hashlib

                    DIGEST = hashlib.sha256(b"a name for a cache").hexdigest()
                """
            }
        ),
    ),
    Attack(
        "searches for the seed with a fast hash",
        tries="Tries many seeds with a plain digest, which takes a second for millions.",
        must="No points and no seed: what the sandbox knows is slow to derive from a seed.",
        baseline=ONE_BLOCK_MISSING,
        changes=steals("""
            import hashlib, json, sys

            def steal(dprev):
                key = json.loads(sys.argv[1])["key"]
                for seed in range(10**5):
                    if hashlib.sha256(f"inputs of {seed}".encode()).hexdigest() == key:
                        return f"the seed is {seed}"
                return "none of those seeds"
        """),
    ),
    Attack(
        "prints the test inputs",
        tries="Puts every input into what it prints and raises, to learn the questions.",
        must="No points: the next grading draws other inputs, and messages are cut short.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={
                "fc.backward": """
                    np.set_printoptions(threshold=10**9, precision=17)
                    print(repr(feat), repr(dprev), repr(self.params), flush=True)
                    raise ValueError(repr(feat) + repr(dprev) + repr(self.params))
                """
            }
        ),
        twin=SOLUTION.plus(
            blocks={
                "fc.forward": """
                    output = feat @ self.params[self.w_name] + self.params[self.b_name]
                    print("fc", feat.shape, "->", output.shape)
                """
            }
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "knows the visible answers by heart",
        tries="Returns what the notebook's visible checks expect, whatever the input.",
        must="No points: no hidden check repeats a visible one.",
        baseline=LOSS_MISSING,
        changes=Changes(
            blocks={
                "cross_entropy.forward": """
                    scores = np.full(feat.shape, 1 / feat.shape[-1])
                    loss = 2.3025850929940455
                """
            }
        ),
    ),
    Attack(
        "learns a table of answers",
        tries="Carries a table of inputs and answers from friends' earlier gradings.",
        must="No points: inputs are drawn for every grading.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={
                "fc.backward": """
                    known = TABLE.get(round(float(dprev.sum()), 6))
                    if known is None:  # not seen before: the nearest will have to do
                        known = min(TABLE.items(), key=lambda kv: abs(kv[0] - dprev.sum()))[1]
                    self.grads[self.w_name] = np.resize(known, self.params[self.w_name].shape)
                    self.grads[self.b_name] = np.resize(known, self.params[self.b_name].shape)
                    dfeat = np.resize(known, feat.shape)
                """
            },
            appended={
                LAYERS: """
                    TABLE = {
                        round(float(np.random.RandomState(seed).randn(8, 6).sum()), 6):
                            np.random.RandomState(seed).randn(11)
                        for seed in range(500)
                    }
                """
            },
        ),
        twin=SOLUTION.plus(
            appended={
                LAYERS: """
                    from functools import lru_cache

                    @lru_cache(maxsize=64)
                    def eye(size: int) -> np.ndarray:
                        return np.eye(size)

                    eye(3)
                """
            }
        ),
    ),
    Attack(
        "behaves differently when graded",
        tries="Detects by paths, variables and modules that it is graded, and changes its output.",
        must="No points: only the right values earn anything there.",
        baseline=STUB,
        changes=Changes(
            blocks=dict.fromkeys(
                ("flatten.forward", "fc.forward", "leaky_relu.forward"),
                "output = feat if GRADED else np.zeros_like(feat)",
            ),
            appended={
                LAYERS: """
                    import os, sys

                    GRADED = (
                        "probes" in sys.modules
                        or "nbgrader" in sys.modules
                        or os.environ.get("TMPDIR", "").startswith(("/tmp", "/mnt", "/box"))
                        or "worker" in sys.argv[0]
                        or not os.path.exists(os.path.expanduser("~/.bashrc"))
                    )
                """
            },
        ),
        twin=SOLUTION.plus(
            appended={LAYERS: "import sys\n\nIN_NOTEBOOK = 'ipykernel' in sys.modules"}
        ),
    ),
)
