"""Losses and gradients of small Skip LSTMs and Skip GRUs as PyTorch computes them; prints gradients.txt.

Skip RNN (Campos et al., ICLR 2018), the gradient in the carried form of its figure 1d: the increment of a skipped sample
is carried over, and binarization passes the gradient unchanged. The cells are PyTorch's own. Weights and inputs are
closed formulas, rounded to f32, so that another program can make them; all else is f64.

    python recipe.py > gradients.txt        (PyTorch 2.x, on the CPU)
"""

import torch
import torch.nn.functional as F

B, T, I, H, O = 5, 12, 2, 4, 3
LAMBDA = 0.01


def formula(count, a, b, scale):
    """scale * sin(a * n + b) for n = 0, 1, ..., as f32."""
    n = torch.arange(count, dtype=torch.float64)
    return (scale * torch.sin(a * n + b)).float().double()


class Binarize(torch.autograd.Function):
    """Equations 2 and 7."""

    @staticmethod
    def forward(ctx, u_tilde):
        return (u_tilde >= 0.5).double()

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def case(cell, output_at):
    gates = {"lstm": 4, "gru": 3}[cell]
    sizes = [("weight_ih_l0", (gates * H, I)), ("weight_hh_l0", (gates * H, H)), ("bias_ih_l0", (gates * H,))]
    sizes += [("h0", (H,)), ("c0", (H,))] if cell == "lstm" else [("bias_hh_l0", (H,)), ("h0", (H,))]
    sizes += [("gate.weight", (1, H)), ("gate.bias", (1,)), ("head.weight", (O, H)), ("head.bias", (O,))]
    p = {}
    for k, (name, size) in enumerate(sizes):
        count = int(torch.tensor(size).prod())
        values = formula(count, 1.3, 0.7 * k + 0.2, 0.8)
        if name == "gate.bias":
            values = torch.tensor([-1.375], dtype=torch.float64)
        p[name] = values.reshape(size).requires_grad_()
    x = formula(B * T * I, 0.9, 0.4, 1.5).reshape(B, T, I)
    rows = B * T if output_at == "step" else B
    labels = torch.arange(rows) % O

    h = p["h0"].expand(B, H)
    c = p["c0"].expand(B, H) if cell == "lstm" else None
    zeros = torch.zeros(gates * H, dtype=torch.float64)
    u_tilde = torch.ones(B, 1, dtype=torch.float64)
    carried = torch.zeros(B, 1, dtype=torch.float64)
    used, outputs, nearest = [], [], 1.0
    for t in range(T):
        nearest = min(nearest, (u_tilde - 0.5).abs().min().item())
        u = Binarize.apply(u_tilde)
        if cell == "lstm":
            new_h, new_c = torch.lstm_cell(
                x[:, t], (h, c), p["weight_ih_l0"], p["weight_hh_l0"], p["bias_ih_l0"], zeros
            )
            top = new_c
            c = u * new_c + (1 - u) * c
        else:
            b_hh = torch.cat([zeros[: 2 * H], p["bias_hh_l0"]])
            new_h = torch.gru_cell(x[:, t], h, p["weight_ih_l0"], p["weight_hh_l0"], p["bias_ih_l0"], b_hh)
            top = new_h
        h = u * new_h + (1 - u) * h  # (3)
        fresh = torch.sigmoid(top @ p["gate.weight"].T + p["gate.bias"])  # (4)
        carried = u * fresh + (1 - u) * carried
        u_tilde = u * carried + (1 - u) * (u_tilde + torch.minimum(carried, 1 - u_tilde))  # (5)
        used.append(u)
        outputs.append(h @ p["head.weight"].T + p["head.bias"])
    logits = torch.stack(outputs, 1).reshape(B * T, O) if output_at == "step" else outputs[-1]
    updates = torch.cat(used, 1).sum(1).mean()
    loss = F.cross_entropy(logits, labels) + LAMBDA * updates
    loss.backward()
    assert nearest > 1e-3, "an urge lies too near to the threshold"
    print(f"case {cell} {output_at}")
    print(f"loss {loss.item():.12e}")
    print(f"updates {updates.item():.12e}")
    for name, values in p.items():
        print(name, " ".join(f"{v:.9e}" for v in values.grad.flatten().tolist()))


for cell in ["lstm", "gru"]:
    for output_at in ["end", "step"]:
        case(cell, output_at)
