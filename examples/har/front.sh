#!/usr/bin/env bash
# Accuracy against samples and energy on a folder of labelled windows: separately trained models, one model for every budget,
# their baselines, and the same in integers on the emulated board. What it gave is in docs/activity.md and docs/rivals/.
#
#     examples/har/front.sh DATA OUT        DATA: train_x.npy, train_y.npy, test_x.npy, test_y.npy (see docs/activity.md)
#
# Resumes after an interruption. SKIPRNN names the program where it is not on the path.
set -euo pipefail
data=$1 out=$2
skiprnn=${SKIPRNN:-skiprnn}
seeds=1,2,3,4
files=(--train-x "$data/train_x.npy" --train-y "$data/train_y.npy" --test-x "$data/test_x.npy" --test-y "$data/test_y.npy"
    --sample-period-s 0.02
    --channel-names "acceleration x,acceleration y,acceleration z,angular rate x,angular rate y,angular rate z"
    --channel-units g,g,g,rad/s,rad/s,rad/s
    --class-names walking,upstairs,downstairs,sitting,standing,laying)
recipe=(--cell skip-gru --hidden 32 --start-every 16 --rotate 30 --decision-clip 0.3 --learning-rate 3e-3
    --learning-rate-schedule cosine:100 --threads 1)
lambdas=1e-5,1e-4,3e-4,1e-3,2e-3,5e-3,1e-2,2e-2,5e-2

"$skiprnn" sweep dataset "${files[@]}" "${recipe[@]}" --input-weight-limit inf --steps 8000 --lambdas $lambdas \
    --seeds $seeds --out "$out/separate"
"$skiprnn" sweep dataset "${files[@]}" "${recipe[@]}" --input-weight-limit inf --steps 24000 --lambda 2e-3 \
    --dial-range -2.5:2.5:3 --seeds $seeds --out "$out/dial"
"$skiprnn" sweep dataset "${files[@]}" "${recipe[@]}" --steps 24000 --lambda 2e-3 --dial-range -2.5:2.5:3 --input-weight-limit 1.9 \
    --seeds $seeds --out "$out/limited"
for models in dial limited; do
    for dial in -2.5 -2 -1.5 -1 -0.5 0 0.5 1 1.5 2 2.5; do
        for seed in ${seeds//,/ }; do
            echo "$models, dial $dial, seed $seed: $("$skiprnn" eval "$out/$models/skip-gru-32-2e-3/seed-$seed" --dial $dial | grep accuracy)"
        done
    done
done
"$skiprnn" baselines "$out/separate" "$out/dial" --recipe "$out/separate/skip-gru-32-1e-3/seed-1" \
    --p-skips 0.75,0.9,0.95 --filters 8,16 --board nrf52840,stm32u575 --sensor lsm6dso --out "$out/rivals"

blobs=()
for lambda in ${lambdas//,/ }; do
    blob=$out/lambda-$lambda.srnn
    "$skiprnn" quantize "$out/separate/skip-gru-32-$lambda/seed-1" --out "$blob" --name "lambda-$lambda"
    "$skiprnn" emulate "$blob" --x "$data/test_x.npy" --y "$data/test_y.npy"
    blobs+=("$blob")
done
"$skiprnn" quantize "$out/limited/skip-gru-32-2e-3/seed-4" --out "$out/dial.srnn" --name dial
"$skiprnn" emulate "$out/dial.srnn" --x "$data/test_x.npy" --y "$data/test_y.npy"
for board in nrf52840 stm32u575; do
    front=(energy front --board $board --sensor lsm6dso --x "$data/test_x.npy" --y "$data/test_y.npy")
    "$skiprnn" "${front[@]}" "${blobs[@]}" --svg "$out/separate-$board.svg"
    "$skiprnn" "${front[@]}" "$out/dial.srnn" --dials=-2.5,-2,-1,0,1,2,2.5 --svg "$out/dial-$board.svg"
done
