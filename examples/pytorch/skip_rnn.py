"""Skip RNN (Campos et al., ICLR 2018) in PyTorch, with model files that skiprnn reads and writes.

    python skip_rnn.py run MODEL.safetensors X.npy > results.json    outputs and updates of every sequence
    python skip_rnn.py new MODEL.safetensors --cell skip-gru --inputs 3 --hidden 16 --outputs 4
    python skip_rnn.py train MODEL.safetensors X.npy Y.npy --out TRAINED.safetensors

The cells are PyTorch's own LSTM and GRU, gate order and biases included; docs/model-file.md describes the file.
"""

import argparse
import json

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

GATES = {"lstm": 4, "gru": 3}


class SkipRNN(nn.Module):
    """One skip gate over L stacked layers; `cell` is skip-lstm, skip-gru, lstm or gru."""

    def __init__(self, cell, inputs, hidden, outputs, layers=1, metadata=None):
        super().__init__()
        self.cell, self.layers = cell, layers
        self.family, self.skips = cell.removeprefix("skip-"), cell.startswith("skip-")
        self.metadata = metadata or {}
        rows = GATES[self.family] * hidden
        for k in range(layers):
            width = inputs if k == 0 else hidden
            for name, shape in [("weight_ih", (rows, width)), ("weight_hh", (rows, hidden)),
                                ("bias_ih", (rows,)), ("bias_hh", (rows,))]:
                values = torch.empty(shape).uniform_(-1, 1) * hidden**-0.5
                setattr(self, f"{name}_l{k}", nn.Parameter(values))
        self.h0 = nn.Parameter(torch.zeros(layers, hidden))
        if self.family == "lstm":
            self.c0 = nn.Parameter(torch.zeros(layers, hidden))
        if self.skips:
            self.gate = nn.Linear(hidden, 1)
            nn.init.ones_(self.gate.bias)  # every sample is used at first
        self.head = nn.Linear(hidden, outputs)
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("std", torch.ones(inputs))

    def step(self, k, x, h, c):
        """One update of layer k: the candidate (h, c)."""
        of = lambda name: getattr(self, f"{name}_l{k}")
        ax = nn.functional.linear(x, of("weight_ih"), of("bias_ih"))
        ah = nn.functional.linear(h, of("weight_hh"), of("bias_hh"))
        if self.family == "lstm":
            i, f, g, o = (ax + ah).chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            return o.sigmoid() * c.tanh(), c
        (rx, zx, nx), (rh, zh, nh) = ax.chunk(3, dim=1), ah.chunk(3, dim=1)
        r, z = (rx + rh).sigmoid(), (zx + zh).sigmoid()
        return (1 - z) * (nx + r * nh).tanh() + z * h, c

    def forward(self, x):
        """x (B, T, I) in sensor units; gives outputs (B, O) and u (B, T), differentiable straight through."""
        x = (x - self.mean) / self.std
        batch = x.shape[0]
        h = [self.h0[k].expand(batch, -1) for k in range(self.layers)]
        c = [self.c0[k].expand(batch, -1) if self.family == "lstm" else h[k] for k in range(self.layers)]
        urge = x.new_ones(batch, 1)  # the first sample is always used
        delta = x.new_zeros(batch, 1)  # carried while samples are skipped
        used = []
        for t in range(x.shape[1]):
            hard = (urge >= 0.5).to(x.dtype)  # (2), ties update
            u = hard + (urge - urge.detach()) if self.skips else torch.ones_like(urge)  # (7)
            below = x[:, t]
            for k in range(self.layers):
                new_h, new_c = self.step(k, below, h[k], c[k])
                below = new_h
                top = new_c if self.family == "lstm" else new_h
                h[k] = u * new_h + (1 - u) * h[k]  # (3)
                c[k] = u * new_c + (1 - u) * c[k]
            if self.skips:
                fresh = self.gate(top).sigmoid()  # (4)
                delta = u * fresh + (1 - u) * delta
                urge = u * delta + (1 - u) * (urge + torch.minimum(delta, 1 - urge))  # (5)
            used.append(u)
        return self.head(h[-1]), torch.cat(used, dim=1)

    def save(self, path):
        """Writes what skiprnn reads; whatever the metadata lacks can be given to `skiprnn quantize` as options."""
        tensors = {name: p.detach().contiguous() for name, p in self.named_parameters()}
        tensors["input.mean"], tensors["input.std"] = self.mean, self.std
        save_file(tensors, path, metadata={**self.metadata, "format": "skiprnn-1", "cell": self.cell})


def load(path):
    """Reads a model file of skiprnn, or of `save`."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    rows, hidden = tensors["weight_hh_l0"].shape
    family = {4: "lstm", 3: "gru"}[rows // hidden]
    cell = metadata.get("cell", ("skip-" if "gate.weight" in tensors else "") + family)
    layers = sum(name.startswith("weight_hh_l") for name in tensors)
    inputs, outputs = tensors["weight_ih_l0"].shape[1], tensors["head.weight"].shape[0]
    model = SkipRNN(cell, inputs, hidden, outputs, layers, metadata)
    model.mean = tensors.pop("input.mean", model.mean)
    model.std = tensors.pop("input.std", model.std)
    model.load_state_dict(tensors | {"mean": model.mean, "std": model.std})
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run")
    run.add_argument("model")
    run.add_argument("x")
    new = commands.add_parser("new")
    new.add_argument("model")
    new.add_argument("--cell", default="skip-gru", choices=["skip-lstm", "skip-gru", "lstm", "gru"])
    for name, default in [("--inputs", 1), ("--hidden", 16), ("--outputs", 2), ("--layers", 1), ("--seed", 1)]:
        new.add_argument(name, type=int, default=default)
    new.add_argument("--gate-bias", type=float, default=1.0)
    train = commands.add_parser("train")
    for name in ["model", "x", "y"]:
        train.add_argument(name)
    train.add_argument("--out", required=True)
    train.add_argument("--steps", type=int, default=500)
    train.add_argument("--cost", type=float, default=1e-4, help="lambda: the price of one update (equation 8)")
    args = parser.parse_args()

    if args.command == "new":
        torch.manual_seed(args.seed)
        model = SkipRNN(args.cell, args.inputs, args.hidden, args.outputs, args.layers)
        if model.skips:
            nn.init.constant_(model.gate.bias, args.gate_bias)
        model.save(args.model)
        return
    model = load(args.model)
    x = torch.from_numpy(np.load(args.x).astype(np.float32))
    x = x.unsqueeze(2) if x.dim() == 2 else x
    if args.command == "run":
        with torch.no_grad():
            outputs, used = model(x)
        updates = [torch.nonzero(row).flatten().tolist() for row in used]
        print(json.dumps({"outputs": outputs.tolist(), "updates": updates}))
        return
    y = torch.from_numpy(np.load(args.y)).long()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(args.steps):
        batch = torch.randint(len(x), (64,))
        outputs, used = model(x[batch])
        loss = nn.functional.cross_entropy(outputs, y[batch]) + args.cost * used.sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.h0.clamp_(-1, 1 - 2**-15)
    model.save(args.out)


if __name__ == "__main__":
    main()
