#!/usr/bin/env bash
# What `skiprnn train dataset` reaches with nothing said but the data, beside the same cell on every K-th sample, on people that
# training does not know: a fifth of them is left out at a time. Windows of 1.28 s. What it gave is in docs/recipe.md.
#
#     examples/tug/defaults.sh DATA OUT        DATA: a folder for each person (Matey-Sanz et al., 2023)
set -euo pipefail
data=$(cd "$1" && pwd) out=$2
skiprnn=${SKIPRNN:-skiprnn}
mkdir -p "$out"
for fifth in 0 1 2 3 4; do
    people=$out/$fifth-people
    rm -rf "$people"
    mkdir -p "$people/train" "$people/test"
    k=0
    for person in "$data"/s*/; do
        part=train
        if ((k % 5 == fifth)); then part=test; fi
        ln -s "$person" "$people/$part/$(basename "$person")"
        k=$((k + 1))
    done
    files=(--data "$people" --window 133)
    for seed in 1 2 3 4; do
        run=$out/$fifth-defaults-$seed
        "$skiprnn" train dataset "${files[@]}" --threads 1 --seed $seed --out "$run" >/dev/null
        echo "fifth $fifth, defaults, seed $seed: $("$skiprnn" eval "$run" | grep accuracy)"
        for k in 8 10 12 16; do
            run=$out/$fifth-every-$k-$seed
            "$skiprnn" train dataset "${files[@]}" --cell gru --every $k --threads 1 --seed $seed --out "$run" >/dev/null
            echo "fifth $fifth, every ${k}th, seed $seed: $("$skiprnn" eval "$run" | grep accuracy)"
        done
    done
done
