"""Networks, their names, `sequential` and `Module`."""

from __future__ import annotations

from .alternative import LAYERS, NETWORKS, Alternative

OWN_SEQUENTIAL = '''class sequential(object):
    """my own, shorter"""

    def __init__(self, *layers):
        self.layers = list(layers)
        self.params, self.grads = {}, {}
        self.gather_params()
        self.gather_grads()

    def gather_params(self):
        for layer in self.layers:
            for n, v in layer.params.items():
                self.params[n] = v

    def gather_grads(self):
        for layer in self.layers:
            for n, v in layer.grads.items():
                self.grads[n] = v

    def _set(self, where, name, val):
        for layer in self.layers:
            if name in layer.params.keys():
                getattr(layer, where)[name] = val
                getattr(self, where)[name] = val

    def assign(self, name, val):
        self._set("params", name, val)

    def assign_grads(self, name, val):
        self._set("grads", name, val)

    def get_params(self, name):
        return self.params[name]

    def get_grads(self, name):
        return self.grads[name]

    def load(self, pretrained):
        for layer in self.layers:
            for n in layer.params:
                layer.params[n] = pretrained[n].copy()
        self.gather_params()


class given_sequential:'''


OWN_MODULE = '''class Module(object):
    """rewritten"""

    dtype = np.float32

    def forward(self, feat, is_training=True, seed=None):
        for layer in self.net.layers:
            more = (is_training, seed) if isinstance(layer, dropout) else ()
            feat = layer.forward(feat, *more)
        return feat

    def backward(self, dprev):
        for i in range(len(self.net.layers) - 1, -1, -1):
            dprev = self.net.layers[i].backward(dprev)
        self.net.gather_grads()
        return dprev

    def cast(self, dtype):
        for layer in self.net.layers:
            layer.params = {n: v.astype(dtype) for n, v in layer.params.items()}
        self.net.gather_params()


class GivenModule:'''


IN_NETWORKS = (
    Alternative(
        "other names of layers",
        {
            "TestFCReLU.__init__": """
                self.net = sequential(
                    flatten("platt"), fc(15, 5, name="voll verbunden"), leaky_relu(name="undicht")
                )
            """,
            "SmallFullyConnectedNetwork.__init__": """
                self.net = sequential(
                    fc(4, 30, name="1"), leaky_relu(name="2"), fc(30, 7, name="3")
                )
            """,
            "TinyNet.__init__": """
                h = 64
                self.net = sequential(
                    flatten(name="in"),
                    fc(32 * 32 * 3, h, init_scale=1 / np.sqrt(3072), name="a_w"),
                    leaky_relu(0.01, "act"),
                    fc(h, 10, init_scale=1 / np.sqrt(h), name="b_w"),
                )
            """,
        },
        cells={
            "cascade_names": """
                name = "voll verbunden"
                param_name_w, param_name_b = name + "_w", name + "_b"
            """,
            "small_network_names": """
                param_name_w1, param_name_b1 = '1_w', '1_b'
                param_name_w2, param_name_b2 = '3_w', '3_b'
            """,
        },
    ),
    Alternative(
        "names looked up in the network",
        cells={
            "cascade_names": """
                param_name_w, param_name_b = TestFCReLU().net.params.keys()
                print(param_name_w)
            """,
            "small_network_names": """
                names = list(SmallFullyConnectedNetwork().net.params)
                param_name_w1, param_name_b1, param_name_w2, param_name_b2 = names
            """,
        },
    ),
    Alternative(
        "networks built from lists",
        {
            "TestFCReLU.__init__": """
                layers = [flatten(name="flatten")]
                layers += [fc(15, 5, name="fullo"), leaky_relu(name="lrelu")]
                self.net = sequential(*layers)
            """,
            "SmallFullyConnectedNetwork.__init__": """
                sizes, layers = [4, 30, 7], []
                for i in range(len(sizes) - 1):
                    layers.append(fc(sizes[i], sizes[i + 1], name="fullo_%d" % (i + 1)))
                    layers.append(leaky_relu(name="relu_%d" % i))
                self.net = sequential(*layers[:-1])
            """,
        },
    ),
    Alternative(
        "subclasses of layers",
        {
            "TestFCReLU.__init__": """
                class Dense(fc):
                    def __init__(self, i, o, name):
                        super().__init__(i, o, name=name)

                class Activation(leaky_relu):
                    pass

                self.net = sequential(flatten(), Dense(15, 5, "fullo"), Activation())
            """,
        },
    ),
    Alternative(
        "a sequential and a Module of its own",
        {},
        (
            (LAYERS, "class sequential:", OWN_SEQUENTIAL),
            (NETWORKS, "class Module:", OWN_MODULE),
        ),
    ),
)
