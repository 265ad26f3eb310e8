#!/usr/bin/env bash
# What `skiprnn train dataset` reaches with nothing said but the data, beside the tuned options of docs/activity.md, on people that
# training does not know: a fifth of the training part is left out at a time. What it gave is in docs/recipe.md. Needs python3 with
# numpy, to cut the arrays.
#
#     examples/har/defaults.sh DATA OUT        DATA: train_x.npy, train_y.npy, recorded person by person
set -euo pipefail
data=$1 out=$2
skiprnn=${SKIPRNN:-skiprnn}
source "$(dirname "$0")/fifth.sh"
mkdir -p "$out"
for fifth in 0 1 2 3 4; do
    fifth "$data" "$out" $fifth
    tuned=(--cell skip-gru --hidden 32 --lambda 1e-3 --start-every 16 --rotate 30 --decision-clip 0.3 --learning-rate 3e-3
        --learning-rate-schedule cosine:100 --input-weight-limit inf --steps 8000)
    for seed in 1 2 3 4; do
        run=$out/$fifth-defaults-$seed
        "$skiprnn" train dataset "${files[@]}" --seed $seed --out "$run" >/dev/null
        echo "fifth $fifth, defaults, seed $seed: $("$skiprnn" eval "$run" | grep accuracy)"
        run=$out/$fifth-tuned-$seed
        "$skiprnn" train dataset "${files[@]}" "${tuned[@]}" --seed $seed --out "$run" >/dev/null
        echo "fifth $fifth, tuned, seed $seed: $("$skiprnn" eval "$run" | grep accuracy)"
    done
done
