#!/usr/bin/env bash
# A skipping model with a dial that a dense network teaches, on people that neither knows: a fifth of the training part is left out at
# a time; and one without a teacher. What it gave is in docs/recipe.md, "With a teacher". Needs python3 with numpy, to cut the arrays.
#
#     examples/har/taught.sh DATA OUT [SEEDS]        DATA: train_x.npy, train_y.npy, recorded person by person; SEEDS: "1 2", or 1
set -euo pipefail
data=$1 out=$2 seeds=${3:-1}
skiprnn=${SKIPRNN:-skiprnn}
source "$(dirname "$0")/fifth.sh"
mkdir -p "$out"
for fifth in 0 1 2 3 4; do
    fifth "$data" "$out" $fifth
    dial=(--dial-range -2.5:2.5:3 --input-weight-limit 1.9 --learning-rate 3e-3 --learning-rate-schedule cosine:100 --eval-every 200)
    for seed in $seeds; do
        dense=$out/$fifth-dense-$seed
        "$skiprnn" train dataset "${files[@]}" --cell gru --seed "$seed" --out "$dense" >/dev/null
        echo "fifth $fifth, dense, seed $seed: $("$skiprnn" eval "$dense" | grep accuracy)"
        run=$out/$fifth-untaught-$seed
        "$skiprnn" train dataset "${files[@]}" --cell skip-gru "${dial[@]}" --lambda 2e-3 --steps 24000 --seed "$seed" --out "$run" \
            >/dev/null
        for d in -2 -1 0 1; do
            echo "fifth $fifth, untaught, seed $seed, dial $d: $("$skiprnn" eval "$run" --dial $d | grep accuracy)"
        done
        for lambda in 2e-3 5e-3; do
            run=$out/$fifth-taught-$lambda-$seed
            "$skiprnn" train dataset "${files[@]}" --from "$dense" --distill --cell skip-gru "${dial[@]}" --lambda $lambda \
                --steps 12000 --seed "$seed" --out "$run" >/dev/null
            for d in -2 -1 0 1; do
                echo "fifth $fifth, taught, lambda $lambda, seed $seed, dial $d: $("$skiprnn" eval "$run" --dial $d | grep accuracy)"
            done
        done
    done
done
