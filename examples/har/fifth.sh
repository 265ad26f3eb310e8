# Sourced by the scripts beside it. `fifth DATA OUT N` cuts the recordings, leaves fifth N of them out, and sets the array `files` to
# the options that read what is left and what is left out. Needs python3 with numpy.
fifth() {
    ${PYTHON:-python3} "$(dirname "${BASH_SOURCE[0]}")/left_out.py" "$1" "$2" "$3"
    files=(--train-x "$2/$3-train_x.npy" --train-y "$2/$3-train_y.npy"
        --test-x "$2/$3-test_x.npy" --test-y "$2/$3-test_y.npy" --sample-period-s 0.02
        --channel-names "acceleration x,acceleration y,acceleration z,angular rate x,angular rate y,angular rate z"
        --channel-units g,g,g,rad/s,rad/s,rad/s --threads 1)
}
