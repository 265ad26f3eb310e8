#!/usr/bin/env bash
# What a person gains by adapting everybody's model to him: for each of the people a model of the others, and the same adapted to every
# other recording of his, on the recordings that are left. What it gave is in docs/from-a-model.md.
#
#     examples/tug/person.sh DATA OUT        DATA: a folder for each person (Matey-Sanz et al., 2023)
set -euo pipefail
data=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
skiprnn=${SKIPRNN:-skiprnn}
for folder in "$data"/s*/; do
    person=$(basename "$folder")
    here=$out/$person
    mkdir -p "$here/others" "$here/mine/$person" "$here/held/$person"
    for other in "$data"/s*/; do
        if [[ $other != "$folder" ]]; then ln -s "$other" "$here/others/$(basename "$other")"; fi
    done
    k=0
    for recording in "$folder"*.csv; do
        part=mine
        if ((k % 2 == 1)); then part=held; fi
        ln -s "$recording" "$here/$part/$person/$(basename "$recording")"
        k=$((k + 1))
    done
    "$skiprnn" train dataset --data "$here/others" --window 133:66 --threads 1 --out "$here/everybody" >/dev/null
    "$skiprnn" train dataset --data "$here/mine" --window 133:66 --group-from none --from "$here/everybody" --distill --steps 200 \
        --learning-rate 1e-3 --threads 1 --out "$here/adapted" >/dev/null
    for model in everybody adapted; do
        echo "$person, $model: $("$skiprnn" eval "$here/$model" --x "$here/held" | grep accuracy)"
    done
done
