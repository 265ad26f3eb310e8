"""Small trained-looking networks of other programs, and what those programs compute with them.

    python tests/import/make.py torch tests/import/files     PyTorch: state dicts, checkpoints, its ONNX exports
    python tests/import/make.py onnx tests/import/files      ONNX graphs as other exporters write them; outputs by onnxruntime
    python tests/import/make.py keras tests/import/files     Keras: .keras and .h5

Each NAME.KIND stands beside NAME.KIND.json: samples `x` (N, T, I) as one list, `count`, `length`, and `outputs`, those of the
program that the file is of. `end` is the activation behind them. Needs torch, safetensors and onnx; onnx and onnxruntime; or keras
and h5py (any backend). The files are the same for the same versions.
"""

import inspect
import json
import os
import sys

import numpy as np

N, T, I, H, O = 3, 6, 2, 3, 4
OUT = ""


def samples(seed=7):
    return np.random.default_rng(seed).normal(size=(N, T, I)).astype(np.float32)


def expect(name, x, outputs, end=None, check=True):
    """Writes what belongs beside a file."""
    outputs = np.asarray(outputs, dtype=np.float32)
    assert np.isfinite(outputs).all() and (not check or outputs.std() > 1e-3), name
    entry = {
        "count": x.shape[0],
        "length": x.shape[1],
        "x": [float(v) for v in x.reshape(-1)],
        "outputs": [float(v) for v in outputs.reshape(-1)],
        "end": end,
    }
    with open(os.path.join(OUT, name + ".json"), "w") as file:
        json.dump(entry, file)
        file.write("\n")


def at(name):
    return os.path.join(OUT, name)


def with_torch():
    import onnx
    import torch
    from safetensors.torch import save_file
    from torch import nn

    class Net(nn.Module):
        """A recurrent layer named `rnn` and a head named `fc`, with normalisations where asked."""

        def __init__(self, kind, layers=1, bias=True, before=False, after=False, take="last", batch_first=True, softmax=False):
            super().__init__()
            self.take, self.batch_first, self.softmax = take, batch_first, softmax
            cell = {"lstm": nn.LSTM, "gru": nn.GRU}[kind]
            self.bn_in = nn.BatchNorm1d(I) if before else None
            self.rnn = cell(I, H, num_layers=layers, bias=bias, batch_first=batch_first)
            self.bn_out = nn.BatchNorm1d(H) if after else None
            self.fc = nn.Linear(H, O)

        def forward(self, x):
            if self.bn_in is not None:
                x = self.bn_in(x.transpose(1, 2)).transpose(1, 2)
            y, state = self.rnn(x)
            if self.take == "state":
                h = (state[0] if isinstance(state, tuple) else state)[-1]
            elif self.take == "step":
                h = y
            else:
                h = y[:, -1] if self.batch_first else y[-1]
            if self.bn_out is not None:
                h = self.bn_out(h)
            out = self.fc(h)
            return torch.softmax(out, -1) if self.softmax else out

    # A class of the main module, as people pickle them.
    Net.__qualname__ = "Net"
    globals()["Net"] = Net

    def net(seed, **settings):
        torch.manual_seed(seed)
        model = Net(**settings)
        for name, value in list(model.named_parameters()) + list(model.named_buffers()):
            if "running_var" in name:
                value.data.uniform_(0.3, 2.0)
            elif value.is_floating_point():
                value.data.normal_(0, 0.6)
        return model.eval()

    def run(model, x):
        with torch.no_grad():
            x = torch.from_numpy(x if getattr(model, "batch_first", True) else x.transpose(1, 0, 2).copy())
            out = model(x)
            return out.numpy()

    x = samples()
    tensors = lambda model: {k: v.contiguous() for k, v in model.state_dict().items()}

    model = net(1, kind="lstm", layers=2)
    save_file(tensors(model), at("state.safetensors"), metadata={"format": "pt"})
    expect("state.safetensors", x, run(model, x))
    torch.save(model.state_dict(), at("state.pt"))
    expect("state.pt", x, run(model, x))

    model = net(2, kind="gru", before=True)
    torch.save({"epoch": 3, "model_state_dict": model.state_dict(), "optimizer_state_dict": torch.optim.Adam(model.parameters()).state_dict(),
                "loss": 0.25, "args": np.float64(1.5)}, at("checkpoint.pth"))
    expect("checkpoint.pth", x, run(model, x))

    model = net(3, kind="gru", bias=False, after=True)
    torch.save(model.double().state_dict(), at("double.pt"))
    expect("double.pt", x, run(model.float(), x))

    model = net(4, kind="lstm")
    for kind, dtype in (("half", torch.float16), ("bfloat16", torch.bfloat16)):
        rounded = {k: v.to(dtype) for k, v in model.state_dict().items()}
        torch.save(rounded, at(kind + ".pt"))
        model.load_state_dict({k: v.float() for k, v in rounded.items()})
        expect(kind + ".pt", x, run(model, x))

    class Cell(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.LSTMCell(I, H)
            self.out = nn.Linear(H, O)

        def forward(self, x):
            state = None
            for t in range(x.shape[1]):
                state = self.cell(x[:, t], state)
            return self.out(state[0])

    torch.manual_seed(5)
    model = Cell().eval()
    # A view into a larger storage, transposed: strides and an offset.
    state = model.state_dict()
    wide = torch.zeros(H + 1, O + 1)
    wide[1:, 1:] = state["out.weight"].T
    state["out.weight"] = wide[1:, 1:].T
    torch.save(state, at("cell.pt"))
    expect("cell.pt", x, run(model, x))

    # What is refused.
    torch.save(net(6, kind="lstm"), at("whole-module.pt"))
    torch.save(model.state_dict(), at("before-1.6.pth"), _use_new_zipfile_serialization=False)
    torch.jit.trace(net(6, kind="lstm"), torch.from_numpy(x)).save(at("torchscript.pt"))
    torch.save({"a": net(6, kind="lstm").state_dict(), "b": net(7, kind="lstm").state_dict()}, at("two.pt"))
    both = nn.ModuleDict({"lstm": nn.LSTM(I, H, bidirectional=True), "fc": nn.Linear(2 * H, O)})
    torch.save(both.state_dict(), at("bidirectional.pt"))

    # The same as ONNX, as torch.onnx.export writes it.
    cases = [
        ("lstm-last", dict(kind="lstm"), 11, True),
        ("gru-state-two-layers", dict(kind="gru", layers=2, take="state"), 12, True),
        ("lstm-two-layers-time-first", dict(kind="lstm", layers=2, batch_first=False, take="state", softmax=True), 9, True),
        ("gru-every-step", dict(kind="gru", take="step"), 13, True),
        ("gru-norms", dict(kind="gru", before=True, after=True, softmax=True), 15, True),
        ("lstm-fixed-sizes", dict(kind="lstm", bias=False), 14, False),
    ]

    def without_places(path):
        """The newer exporter notes where in which program a node comes from, with its paths."""
        file = onnx.load(path)
        del file.metadata_props[:]
        for part in [file.graph, *file.graph.node, *file.graph.initializer, *file.graph.value_info, *file.graph.input, *file.graph.output]:
            part.doc_string = ""
            del part.metadata_props[:]
        onnx.save(file, path)

    def export(model, first, name, **settings):
        """Writes NAME.onnx, by the older exporter where nothing else is said; whether this PyTorch can."""
        if "dynamo" in inspect.signature(torch.onnx.export).parameters:
            settings.setdefault("dynamo", False)
        try:
            torch.onnx.export(model, first, at(name + ".onnx"), **settings)
            without_places(at(name + ".onnx"))
        except Exception as error:  # The class differs between versions.
            print(f"left out: {name}.onnx: {error}")
            return False
        return True

    for seed, (name, settings, opset, dynamic) in enumerate(cases, 20):
        model = net(seed, **settings)
        first = torch.from_numpy(x if settings.get("batch_first", True) else x.transpose(1, 0, 2).copy())
        axes = {"x": {0: "n", 1: "t"}} if dynamic else None
        if export(model, first, name, input_names=["x"], output_names=["y"], opset_version=opset, dynamic_axes=axes):
            expect(name + ".onnx", x, run(model, x), "softmax" if settings.get("softmax") else None)

    # As the exporter writes it that is the standard one since PyTorch 2.9; it needs the package onnxscript.
    cases = [
        ("exported-lstm-last", dict(kind="lstm"), True),
        ("exported-gru-state-two-layers", dict(kind="gru", layers=2, take="state"), True),
        ("exported-gru-every-step", dict(kind="gru", take="step"), True),
        ("exported-lstm-norms", dict(kind="lstm", before=True, after=True, softmax=True), True),
        ("exported-lstm-time-first", dict(kind="lstm", layers=2, batch_first=False, take="state", bias=False), True),
        ("exported-gru-fixed-sizes", dict(kind="gru", layers=2), False),
    ]
    for seed, (name, settings, dynamic) in enumerate(cases, 30):
        model = net(seed, **settings)
        is_first = settings.get("batch_first", True)
        first = torch.from_numpy(x if is_first else x.transpose(1, 0, 2).copy())
        if not hasattr(torch, "export") or not hasattr(torch.export, "Dim"):
            print(f"left out: {name}.onnx: this PyTorch has no newer exporter")
            continue
        sizes = [torch.export.Dim("n"), torch.export.Dim("t")]
        shapes = (dict(enumerate(sizes if is_first else sizes[::-1])),) if dynamic else None
        names = dict(input_names=["x"], output_names=["y"])
        if export(model, first, name, dynamo=True, dynamic_shapes=shapes, external_data=False, **names):
            expect(name + ".onnx", x, run(model, x), "softmax" if settings.get("softmax") else None)
    export(both["lstm"], torch.zeros(T, 1, I), "bidirectional", opset_version=13)


def with_onnx():
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(3)
    normal = lambda *shape: rng.normal(size=shape, scale=0.6).astype(np.float32)
    x = samples()

    def save(name, nodes, constants, outputs, inputs=(("x", (None, None, I)),), opset=17, end=None, given=None, dtype=np.float32):
        constants = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
        ins = [helper.make_tensor_value_info(k, TensorProto.FLOAT, s) for k, s in inputs]
        outs = [helper.make_tensor_value_info(k, TensorProto.FLOAT, None) for k in outputs]
        graph = helper.make_graph(nodes, "g", ins, outs, constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        onnx.save(model, at(name + ".onnx"))
        if given is not False:
            session = onnxruntime.InferenceSession(at(name + ".onnx"), providers=["CPUExecutionProvider"])
            feed = given or {"x": x}
            expect(name + ".onnx", x, session.run([outputs[0]], feed)[0], end)

    node = helper.make_node
    lstm = dict(w=normal(1, 4 * H, I), r=normal(1, 4 * H, H), b=normal(1, 8 * H))
    gru = dict(w=normal(1, 3 * H, I), r=normal(1, 3 * H, H), b=normal(1, 6 * H))
    head = dict(hw=normal(H, O), hb=normal(O))

    # As tf2onnx writes a Keras model: a scaler, MatMul and Add, StridedSlice of the outputs as Slice and Squeeze.
    save(
        "scaled-gru",
        [
            node("Sub", ["x", "mean"], ["x0"], "scale/Sub"),
            node("Div", ["x0", "std"], ["x1"], "scale/Div"),
            node("Transpose", ["x1"], ["x2"], perm=[1, 0, 2]),
            node("GRU", ["x2", "w", "r", "b"], ["y"], "gru", hidden_size=H, linear_before_reset=1),
            node("Squeeze", ["y", "one"], ["y1"]),
            node("Transpose", ["y1"], ["y2"], perm=[1, 0, 2]),
            node("Slice", ["y2", "last", "end", "one"], ["y3"]),
            node("Squeeze", ["y3", "one"], ["y4"]),
            node("MatMul", ["y4", "hw"], ["y5"], "dense/MatMul"),
            node("Add", ["y5", "hb"], ["y6"], "dense/Add"),
            node("Sigmoid", ["y6"], ["p"], "dense/Sigmoid"),
        ],
        dict(gru, **head, mean=normal(I), std=np.array([0.5, -2.0], np.float32), one=np.array([1]), last=np.array([-1]),
             end=np.array([2**31 - 1])),
        ["p"],
        end="sigmoid",
    )
    # Initial states of its own, states as outputs, layout 1 is not in onnxruntime: time first.
    save(
        "stateful-lstm",
        [
            node("Transpose", ["x"], ["xt"], perm=[1, 0, 2]),
            node("LSTM", ["xt", "w", "r", "b", "", "h0", "c0"], ["y", "h", "c"], "lstm", hidden_size=H),
            node("Squeeze", ["h", "zero"], ["h1"]),
            node("Gemm", ["h1", "gw", "gb"], ["out"], "head", transB=1, alpha=0.5, beta=2.0),
        ],
        dict(lstm, gw=normal(O, H), gb=normal(1, O), zero=np.array([0]), h0=np.repeat(normal(1, 1, H), N, 1),
             c0=np.repeat(normal(1, 1, H), N, 1)),
        ["out", "h", "c"],
        inputs=(("x", (N, T, I)),),
    )
    zeros = np.zeros((1, N, H), np.float32)
    save(
        "states-as-inputs",
        [
            node("Transpose", ["x"], ["xt"], perm=[1, 0, 2]),
            node("LSTM", ["xt", "w", "r", "b", "", "h0", "c0"], ["y", "h", "c"], "lstm", hidden_size=H),
            node("Reshape", ["h", "shape"], ["h1"]),
            node("Gemm", ["h1", "hw", "hb"], ["out"], "head"),
        ],
        dict(lstm, **head, shape=np.array([-1, H])),
        ["out", "h", "c"],
        inputs=(("x", (None, None, I)), ("h0", (1, None, H)), ("c0", (1, None, H))),
        given={"x": x, "h0": zeros, "c0": zeros},
    )

    # What is refused, each for one reason.
    def refused(name, operator, weights, more=(), settings=None, extra=None, head_input="h1", outputs=("out",)):
        settings = dict(hidden_size=H, **(settings or {}))
        nodes = [
            node("Transpose", ["x"], ["xt"], perm=[1, 0, 2]),
            node(operator, ["xt", "w", "r", "b"], ["y", "h"], "rnn", **settings),
            node("Squeeze", ["h", "zero"], ["h1"]),
            *more,
            node("Gemm", [head_input, "hw", "hb"], ["out"], "head"),
        ]
        save(name, nodes, dict(weights, **head, zero=np.array([0]), **(extra or {})), list(outputs), given=False)

    refused("reset-before", "GRU", gru)
    refused("backwards", "LSTM", lstm, settings=dict(direction="reverse"))
    refused("other-activations", "LSTM", lstm, settings=dict(activations=["HardSigmoid", "Tanh", "Tanh"]))
    refused("clipped", "LSTM", lstm, settings=dict(clip=3.0))
    refused("relu-before-head", "LSTM", lstm, more=[node("Relu", ["h1"], ["h2"], "act")], head_input="h2")
    refused("residual", "LSTM", lstm, more=[node("Add", ["h1", "h1"], ["h2"], "skip")], head_input="h2")
    refused(
        "first-sample",
        "LSTM",
        lstm,
        more=[node("Gather", ["y", "zero0"], ["g"], "take", axis=0), node("Squeeze", ["g", "zero"], ["h2"])],
        extra=dict(zero0=np.array(0)),
        head_input="h2",
    )
    refused("two-heads", "LSTM", lstm, more=[node("Gemm", ["h1", "hw", "hb"], ["aux"], "aux")], outputs=("out", "aux"))
    refused("unknown-operator", "LSTM", lstm, more=[node("CumSum", ["h1", "zero"], ["h2"], "sum")], head_input="h2")


def with_keras():
    os.environ.setdefault("KERAS_BACKEND", "numpy")
    import keras
    from keras import layers

    x = samples()
    run = lambda model: keras.ops.convert_to_numpy(model(x, training=False))

    def save(name, stack, end=None, kinds=("keras", "h5"), loss=None, refused=False):
        keras.utils.set_random_seed(len(name))
        keras.backend.clear_session()
        model = keras.Sequential([keras.Input((None, I)), *stack()])
        rng = np.random.default_rng(len(name))
        for layer in model.layers:
            values = []
            for w in layer.weights:
                value = rng.normal(size=w.shape, scale=0.6)
                values.append(np.abs(value) + 0.3 if "var" in w.name else value)
            layer.set_weights(values)
        if loss:
            model.compile(loss=loss)
        for kind in kinds:
            model.save(at(f"{name}.{kind}"))
            if not refused:
                expect(f"{name}.{kind}", x, run(model), end)

    save("lstm", lambda: [layers.LSTM(H), layers.Dropout(0.2), layers.Dense(O, activation="softmax")], "softmax")
    save(
        "gru-stack",
        lambda: [layers.GRU(H, return_sequences=True), layers.BatchNormalization(), layers.GRU(H), layers.Dense(O)],
    )
    save("lstm-steps", lambda: [layers.LSTM(H, return_sequences=True, use_bias=False), layers.TimeDistributed(layers.Dense(O))])
    save(
        "normalised-gru",
        lambda: [
            layers.Normalization(mean=[0.5, -1.0], variance=[4.0, 0.25]),
            layers.Rescaling(0.5, offset=0.25),
            layers.BatchNormalization(scale=False),
            layers.GRU(H),
            layers.BatchNormalization(center=False),
            layers.Dense(1, activation="sigmoid", use_bias=False),
        ],
        "sigmoid",
    )
    save("regression", lambda: [layers.LSTM(H), layers.Dense(O), layers.Activation("linear")], loss="mse", kinds=("keras",))

    functional = lambda: None
    inputs = keras.Input((T, I), name="samples")
    hidden = layers.GRU(H, name="cell")(inputs)
    outputs = layers.Dense(O, name="scores")(hidden)
    functional = keras.Model(inputs, outputs)
    for kind in ("keras", "h5"):
        functional.save(at(f"functional.{kind}"))
        expect(f"functional.{kind}", x, run(functional))

    # The same arrays in little room, in the oldest and in the newest form of HDF5.
    import h5py

    config = {
        "class_name": "Sequential",
        "config": {
            "layers": [
                {"class_name": "InputLayer", "config": {"batch_shape": [None, T, I]}},
                {"class_name": "GRU", "config": {"name": "cell", "reset_after": True}},
                {"class_name": "Dense", "config": {"name": "scores"}},
            ]
        },
    }
    for name, version in (("oldest.h5", "earliest"), ("newest.h5", "latest")):
        with h5py.File(at(name), "w", libver=version, meta_block_size=256) as file:
            file.attrs["model_config"] = json.dumps(config)
            groups = file.create_group("model_weights")
            for layer in functional.layers[1:]:
                group = groups.create_group(layer.name)
                for weight in layer.weights:
                    group[weight.name] = np.asarray(weight)
        expect(name, x, run(functional))

    branch = keras.Model(inputs, layers.Concatenate(name="join")([layers.LSTM(H, name="a")(inputs), layers.LSTM(H, name="b")(inputs)]))
    branch.save(at("branches.keras"))
    functional.save_weights(at("only.weights.h5"))
    for name, stack in {
        "bidirectional": lambda: [layers.Bidirectional(layers.LSTM(H), name="both"), layers.Dense(O)],
        "reset-before": lambda: [layers.GRU(H, reset_after=False, name="old"), layers.Dense(O)],
        "backwards": lambda: [layers.LSTM(H, go_backwards=True, name="back"), layers.Dense(O)],
        "hard-sigmoid": lambda: [layers.LSTM(H, recurrent_activation="hard_sigmoid", name="hard"), layers.Dense(O)],
        "two-dense": lambda: [layers.LSTM(H), layers.Dense(5, activation="relu", name="middle"), layers.Dense(O, name="last")],
        "convolution": lambda: [layers.Conv1D(3, 2, name="conv"), layers.LSTM(H), layers.Dense(O)],
        "masked": lambda: [layers.Masking(name="mask"), layers.LSTM(H), layers.Dense(O)],
        "layer-norm": lambda: [layers.LSTM(H), layers.LayerNormalization(name="norm"), layers.Dense(O)],
    }.items():
        save(name, stack, kinds=("keras",), refused=True)


if __name__ == "__main__":
    OUT = sys.argv[2]
    os.makedirs(OUT, exist_ok=True)
    {"torch": with_torch, "onnx": with_onnx, "keras": with_keras}[sys.argv[1]]()
