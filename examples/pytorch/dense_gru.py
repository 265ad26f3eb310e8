"""A dense GRU in plain PyTorch, as people have one: nn.GRU, nn.Linear on its last h, a state dict.

    python dense_gru.py X.npy Y.npy --out dense.safetensors [--hidden 32] [--epochs 60] [--seed 1] [--rotate 30]
    python dense_gru.py X.npy Y.npy --judge dense.safetensors

X is (N, T, I), Y holds N class numbers. The last tenth of the sequences chooses the epoch that is kept. With --rotate, every three
channels are a sensor's axes and each sequence is turned in training by up to so many degrees, all its sensors alike. The second form
prints the accuracy of a file on other recordings.
"""

import argparse

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn


class Scale(nn.Module):
    """Mean and standard deviation of the training part, in the state dict as input.mean and input.std."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("std", torch.ones(channels))

    def forward(self, x):
        return (x - self.mean) / self.std


class Dense(nn.Module):
    def __init__(self, channels, hidden, classes):
        super().__init__()
        self.input = Scale(channels)
        self.gru = nn.GRU(channels, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x):
        return self.fc(self.gru(self.input(x))[0][:, -1])


def accuracy(model, x, y):
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(dim=1) == y).double().mean().item()


def turned(x, degrees):
    """Each sequence about an axis of its own, by an angle of at most so many degrees (Rodrigues)."""
    n = len(x)
    a = nn.functional.normalize(torch.randn(n, 3), dim=1)
    angle = (2 * torch.rand(n, 1, 1) - 1) * degrees * torch.pi / 180
    zero = torch.zeros(n)
    cross = torch.stack([zero, -a[:, 2], a[:, 1], a[:, 2], zero, -a[:, 0], -a[:, 1], a[:, 0], zero], dim=1).view(n, 3, 3)
    turn = torch.eye(3) + angle.sin() * cross + (1 - angle.cos()) * cross @ cross
    triples = x.view(n, x.shape[1], -1, 3)
    return torch.einsum("nij,ntkj->ntki", turn, triples).reshape(x.shape)


def train(x, y, hidden, epochs, seed, rotate):
    torch.manual_seed(seed)
    kept = len(x) - len(x) // 10
    model = Dense(x.shape[2], hidden, int(y.max()) + 1)
    model.input.mean.copy_(x[:kept].mean(dim=(0, 1)))
    model.input.std.copy_(x[:kept].std(dim=(0, 1)))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    best, state = -1.0, None
    for _ in range(epochs):
        model.train()
        for batch in torch.randperm(kept).split(64):
            seen = turned(x[batch], rotate) if rotate else x[batch]
            loss = nn.functional.cross_entropy(model(seen), y[batch])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        schedule.step()
        now = accuracy(model, x[kept:], y[kept:])
        if now > best:
            best, state = now, {name: value.clone() for name, value in model.state_dict().items()}
    print(f"validation accuracy {best:.4f}")
    return state


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("x")
    parser.add_argument("y")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--out")
    what.add_argument("--judge")
    for name, default in [("--hidden", 32), ("--epochs", 60), ("--seed", 1), ("--threads", 1), ("--rotate", 0)]:
        parser.add_argument(name, type=int, default=default)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    x = torch.from_numpy(np.load(args.x).astype(np.float32))
    y = torch.from_numpy(np.load(args.y)).long()
    if args.out:
        save_file(train(x, y, args.hidden, args.epochs, args.seed, args.rotate), args.out)
        return
    state = load_file(args.judge)
    classes, hidden = state["fc.weight"].shape
    model = Dense(x.shape[2], hidden, classes)
    model.load_state_dict(state)
    print(f"accuracy {accuracy(model, x, y):.4f}")


if __name__ == "__main__":
    main()
