"""Milliseconds of a training iteration in PyTorch on a GPU, for benches/train_step_cuda.rs: one JSON object on standard output.

    python3 benches/train_step_cuda.py [--device cpu] [--lengths 100,200,784] [--batch 256] [--hidden 110]

`eager` and `compiled`: the Skip LSTM of examples/pytorch; `cudnn`: a dense torch.nn.LSTM. Each iteration makes its batch of the
frequency task on the device, then forward, backward, clipping and Adam. f32, TF32 off. A way that fails is left out, and said
on standard error.
"""

import argparse
import json
import math
import pathlib
import sys
import time

import torch
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "examples" / "pytorch"))
from skip_rnn import SkipRNN  # noqa: E402

LEARNING_RATE = 1e-9  # leaves the gate open


class Dense(nn.Module):
    """An LSTM with the same head, every sample used."""

    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 2)

    def forward(self, x):
        states, _ = self.lstm(x)
        return self.head(states[:, -1]), x.new_zeros(x.shape[0], 1)


def waves(batch, length, device):
    """A batch of the frequency task (Campos et al., appendix A.1)."""
    labels = torch.arange(batch, device=device) % 2
    u = torch.rand(batch, device=device) * 98
    others = torch.where(u < 4, 1 + u, 2 + u)
    period = torch.where(labels == 1, 5 + torch.rand(batch, device=device), others)
    shift = torch.rand(batch, device=device) * period
    t = torch.arange(length, device=device) * (100.0 / length)
    return torch.sin(2 * math.pi * (t + shift[:, None]) / period[:, None]).unsqueeze(2), labels


def measure(model, optimizer, batch, length, device, least_s):
    """Mean milliseconds of an iteration, over at least `least_s` seconds after a warm-up."""
    wait = torch.cuda.synchronize if device != "cpu" else lambda: None

    def iteration():
        x, y = waves(batch, length, device)
        outputs, used = model(x)
        loss = nn.functional.cross_entropy(outputs, y) + 1e-4 * used.sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    for _ in range(5):
        iteration()
    wait()
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < least_s or count < 5:
        iteration()
        count += 1
        if count % 5 == 0:
            wait()
    wait()
    return 1e3 * (time.perf_counter() - started) / count


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--lengths", default="100,200,784")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--hidden", type=int, default=110)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement, at least")
    parser.add_argument("--ways", default="eager,compiled,cudnn")
    args = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if args.device != "cpu" and not torch.cuda.is_available():
        sys.exit("PyTorch finds no GPU")
    torch.manual_seed(1)
    result = {}
    for way in args.ways.split(","):
        result[way] = {}
        for length in map(int, args.lengths.split(",")):
            model = Dense(args.hidden) if way == "cudnn" else SkipRNN("skip-lstm", 1, args.hidden, 2)
            model = model.to(args.device)
            optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=args.device != "cpu")
            try:
                if way == "compiled":
                    # The step, not the loop over it: the whole sequence as one graph takes very long to compile.
                    model.step = torch.compile(model.step)
                result[way][str(length)] = measure(model, optimizer, args.batch, length, args.device, args.seconds)
            except Exception as error:  # what one way lacks is no reason to lose the others
                print(f"{way}, T = {length}: {error}", file=sys.stderr)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
