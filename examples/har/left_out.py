"""Cuts recordings that lie person by person into five parts of neighbours, and leaves one of them out.

    left_out.py DATA OUT FIFTH        FIFTH, from 0 to 4: the part that is the test part

Reads DATA/train_x.npy and train_y.npy, writes OUT/FIFTH-train_x.npy, FIFTH-test_x.npy and their answers. Needs numpy.
"""

import sys

import numpy as np

data, out, fifth = sys.argv[1], sys.argv[2], int(sys.argv[3])
x, y = np.load(data + "/train_x.npy"), np.load(data + "/train_y.npy")
left_out = np.arange(len(x)) * 5 // len(x) == fifth
for part, rows in (("train", ~left_out), ("test", left_out)):
    np.save(f"{out}/{fifth}-{part}_x.npy", x[rows])
    np.save(f"{out}/{fifth}-{part}_y.npy", y[rows])
