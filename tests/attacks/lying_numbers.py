"""Lying return values: numbers, arrays and claims that a comparison might accept.

As in `lying_objects`, one block is left unwritten and returns the lie instead.
"""

from attack import ALL_ROADS, LAYERS, NBGRADER, SOLUTION, ZIP, Attack, Changes
from lying_objects import ONE_BLOCK_MISSING, lies

ATTACKS = (
    Attack(
        "answers NaN",
        tries="Returns NaN, because no comparison says that NaN is too far off.",
        must="No points: a value that cannot be compared is wrong.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies("np.full(feat.shape, np.nan)"),
        roads=(ZIP,),
    ),
    Attack(
        "answers NaN in the right shapes",
        tries="Returns gradients of the right shapes, with every element NaN or infinite.",
        must="No points: NaN and infinities are reported and fail.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={
                "fc.backward": """
                    self.grads[self.w_name] = np.full_like(self.params[self.w_name], np.nan)
                    self.grads[self.b_name] = np.full_like(self.params[self.b_name], np.inf)
                    dfeat = np.where(feat > 0, np.nan, -np.inf)
                """
            }
        ),
    ),
    Attack(
        "overflows the tolerance",
        tries="Returns the largest floats, so that the relative error is infinity over infinity.",
        must="No points: errors are relative to the expected values, and NaN is wrong.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={
                "fc.backward": """
                    huge = np.finfo(float).max
                    self.grads[self.w_name] = np.full_like(self.params[self.w_name], huge)
                    self.grads[self.b_name] = np.full_like(self.params[self.b_name], -huge)
                    dfeat = np.where(feat > 0, huge, -0.0)
                """
            }
        ),
    ),
    Attack(
        "returns ten gigabytes",
        tries="Returns a view of one number that is 10 GB when it is written out.",
        must="No points, no cost: sizes are checked before anything is copied.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies("np.broadcast_to(np.float64(0), (10**5, 12500))"),
        roads=(ZIP, NBGRADER),
    ),
    Attack(
        "zeroes the inputs",
        tries="Sets input, weights and gradient to 0 in place, so that the expected answer is 0.",
        must="No points: inputs are drawn again where the answer is judged.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={
                "fc.backward": """
                    feat[...] = 0.0
                    dprev[...] = 0.0
                    for name in self.params:
                        self.params[name][...] = 0.0
                    self.grads[self.w_name] = np.zeros_like(self.params[self.w_name])
                    self.grads[self.b_name] = np.zeros_like(self.params[self.b_name])
                    dfeat = np.zeros_like(feat)
                """
            }
        ),
        roads=(ZIP,),
    ),
    Attack(
        "shrinks the inputs",
        tries="Resizes the caller's arrays to nothing, so that nothing is compared.",
        must="No points: the answer must have the reference's shape.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={
                "fc.backward": """
                    for array in (feat, dprev, *self.params.values()):
                        array.setflags(write=True)
                        array.resize(0, refcheck=False)
                    self.grads[self.w_name] = self.grads[self.b_name] = np.zeros((0, 0))
                    dfeat = np.zeros((0,))
                """
            }
        ),
    ),
    Attack(
        "returns a view that changes",
        tries="Returns a view of memory that a thread keeps writing to.",
        must="No points: an array is copied once, and then judged.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={
                "fc.backward": """
                    window = np.zeros((64, 64))
                    threading.Thread(target=shift, args=(window,), daemon=True).start()
                    self.grads[self.w_name] = window[:11, :6]
                    self.grads[self.b_name] = window[0, :6]
                    dfeat = window[: len(feat), : feat.shape[1]]
                """
            },
            appended={
                LAYERS: """
                    import threading

                    def shift(window):
                        rng = np.random.default_rng()
                        while True:
                            window[...] = rng.normal(size=window.shape)
                """
            },
        ),
        twin=SOLUTION.plus(
            blocks={
                "fc.backward": """
                    both = np.empty((len(feat) + 1, feat.shape[1]))
                    both[1:] = dprev @ self.params[self.w_name].T
                    dfeat = both[1:]
                    self.grads[self.w_name] = (dprev.T @ feat).T
                    self.grads[self.b_name] = np.lib.stride_tricks.as_strided(dprev.sum(0))
                """
            }
        ),
    ),
    Attack(
        "masks every element",
        tries="Returns masked arrays whose every element is masked, so that none is compared.",
        must="No points: masked arrays are refused.",
        baseline=ONE_BLOCK_MISSING,
        changes=lies("np.ma.masked_all(feat.shape)"),
    ),
    Attack(
        "returns other kinds of numbers",
        tries="Returns complex numbers, dates, records, 16-byte floats and booleans.",
        must="No points: other kinds are refused, and True counts as 1.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={
                "fc.backward": """
                    w, b = self.params[self.w_name], self.params[self.b_name]
                    kinds = ("c16", "M8[s]", "m8[s]", "g", "?", "V8", "S8", "U2", [("a", "f8")])
                    fc.calls = getattr(fc, "calls", -1) + 1
                    kind = kinds[fc.calls % len(kinds)]
                    self.grads[self.w_name] = np.zeros(w.shape, dtype=kind)
                    self.grads[self.b_name] = np.zeros(b.shape, dtype=kind)
                    dfeat = np.zeros(feat.shape, dtype=kind)
                """
            }
        ),
        twin=SOLUTION.plus(
            blocks={
                "fc.forward": """
                    output = feat @ self.params[self.w_name] + self.params[self.b_name]
                    output = np.asfortranarray(output).astype(">f8")
                """
            }
        ),
    ),
    Attack(
        "returns one number for a whole array",
        tries="Returns scalars and arrays of size 1 that broadcast to any shape.",
        must="No points: shapes must be equal.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={
                "fc.backward": """
                    self.grads[self.w_name] = np.zeros((1, 1))
                    self.grads[self.b_name] = np.float64(0.0)
                    dfeat = np.zeros((1,) * 32)
                """
            }
        ),
    ),
    Attack(
        "uses control characters",
        tries="Puts escape codes, markup and direction marks into exceptions and their names.",
        must="No points, and pages and terminal show plain characters.",
        baseline=ONE_BLOCK_MISSING,
        changes=Changes(
            blocks={"fc.backward": "raise Shout(HOSTILE * 9)"},
            appended={
                LAYERS: r"""
                    HOSTILE = "\x1b[2J\x1b]0;29/29\x07\r\n\x00\u202e\x9b31m</td><script>alert(1)"

                    Shout = type("Pass\x1b[2K<b onclick=alert(1)>", (Exception,), {})
                """
            },
        ),
        twin=SOLUTION.plus(
            appended={LAYERS: 'print("<b>Größe</b> \\x1b[32mfertig\\x1b[0m \\u2713")'}
        ),
        roads=ALL_ROADS,
    ),
    Attack(
        "leaves its inputs unchanged",
        tries="Returns wrong answers, hoping for the points for inputs left unchanged.",
        must="No points: such a property counts only once the answer itself is right.",
        baseline=SOLUTION.without("leaky_relu.backward", "SGDM.update", "dropout.backward"),
        changes=Changes(
            blocks={
                "leaky_relu.backward": "dfeat = 0.5 * dprev.copy()",
                "dropout.backward": "dfeat = 0.5 * dprev.copy()",
                "SGDM.update": "return None",
            }
        ),
    ),
    Attack(
        "returns reproducible noise",
        tries="Returns noise from a seeded generator, which is as reproducible as dropout.",
        must="No points: it must be the scaled input before its reproducibility counts.",
        baseline=SOLUTION.without("dropout.forward", "dropout.backward"),
        changes=Changes(
            blocks={
                "dropout.forward": """
                    rng = np.random.RandomState(seed or 0)
                    kept, output = None, rng.standard_normal(feat.shape).clip(0)
                """,
                "dropout.backward": "dfeat = dprev",
            }
        ),
    ),
)
