#!/usr/bin/env bash
# How far to turn the sensor in training, by people that training does not know: a fifth of the training part is left out at a time.
# What it gave is the first table of docs/activity.md. Needs python3 with numpy, to cut the arrays.
#
#     examples/har/recipe.sh DATA OUT        DATA: train_x.npy, train_y.npy, recorded person by person
set -euo pipefail
data=$1 out=$2
skiprnn=${SKIPRNN:-skiprnn}
mkdir -p "$out"
for fifth in 0 2 4; do
    ${PYTHON:-python3} "$(dirname "$0")/left_out.py" "$data" "$out" $fifth
    for degrees in 0 10 20 30 40; do
        for seed in 1 2; do
            run=$out/$fifth-$degrees-$seed
            "$skiprnn" train dataset --cell skip-gru --lambda 3e-3 --start-every 16 --rotate $degrees --decision-clip 0.3 \
                --input-weight-limit inf --learning-rate 3e-3 --learning-rate-schedule cosine:100 --steps 2000 --seed $seed \
                --threads 1 \
                --train-x "$out/$fifth-train_x.npy" --train-y "$out/$fifth-train_y.npy" \
                --test-x "$out/$fifth-test_x.npy" --test-y "$out/$fifth-test_y.npy" --sample-period-s 0.02 \
                --channel-names "acceleration x,acceleration y,acceleration z,angular rate x,angular rate y,angular rate z" \
                --channel-units g,g,g,rad/s,rad/s,rad/s --out "$run" >/dev/null
            echo "fifth $fifth, $degrees degrees, seed $seed: $("$skiprnn" eval "$run" | grep accuracy)"
        done
    done
done
