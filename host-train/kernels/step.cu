// What a training step needs besides the recurrence: the head with its loss, the sums over all samples that are the weight
// gradients, clipping and Adam. Every sum has a fixed order: the same input gives the same bits.
//
// OUTPUTS is a constant of the compilation, like the sizes of the recurrence.

#define CROSS_ENTROPY 0 // labels: one class a row
#define BINARY 1        // values: (rows, OUTPUTS) of 0 or 1
#define SQUARES 2       // values: (rows, OUTPUTS)

#define WARPS 4 // rows that a block of `head_and_loss` takes

// The head, a warp for each row: h (rows, H) -> logits (rows, OUTPUTS); with `rows_each` rows a sequence, and `kept` (B, H)
// or null: dropout's factors. Without `values` and `labels` that is all; with one of them also
//   row_loss (rows): the loss, not yet divided; d_logits (rows, OUTPUTS): gradient of the mean loss; seen (rows, H): what the
//   head has read; d_h (rows, H).
extern "C" __global__ void head_and_loss(
    const float *parameters, const int *places, const float *h, const float *kept, int rows, int rows_each, int loss,
    const int *labels, const float *values, float *logits, float *row_loss, float *d_logits, float *seen, float *d_h) {
    const int row = blockIdx.x * WARPS + threadIdx.x / 32, lane = threadIdx.x % 32;
    if (row >= rows) return;
    const float *mine = h + (long long)row * H;
    const float *factor = kept == nullptr ? nullptr : kept + (long long)(row / rows_each) * H;
    const float *weight = parameters + HEAD_WEIGHT, *bias = parameters + HEAD_BIAS;
    float *z = logits + (long long)row * OUTPUTS, *d = d_logits + (long long)row * OUTPUTS;
    float largest = -INFINITY;
    for (int o = 0; o < OUTPUTS; o++) {
        float sum = 0.0f;
        for (int k = lane; k < H; k += 32) sum += weight[o * H + k] * (factor == nullptr ? mine[k] : mine[k] * factor[k]);
        sum = warp_sum(sum) + bias[o];
        if (lane == 0) z[o] = sum;
        largest = fmaxf(largest, sum);
    }
    if (labels == nullptr && values == nullptr) return;
    __syncwarp();
    if (lane == 0) {
        float total = 0.0f;
        if (loss == CROSS_ENTROPY) {
            for (int o = 0; o < OUTPUTS; o++) total += expf(z[o] - largest);
            const int label = labels[row];
            for (int o = 0; o < OUTPUTS; o++) {
                d[o] = (expf(z[o] - largest) / total - (o == label ? 1.0f : 0.0f)) / (float)rows;
            }
            total = logf(total) - (z[label] - largest);
        } else {
            const float count = (float)rows * (float)OUTPUTS;
            for (int o = 0; o < OUTPUTS; o++) {
                const float y = values[(long long)row * OUTPUTS + o];
                if (loss == BINARY) {
                    total += fmaxf(z[o], 0.0f) - z[o] * y + logf(1.0f + expf(-fabsf(z[o])));
                    d[o] = (sigmoid(z[o]) - y) / count;
                } else {
                    total += 0.5f * (z[o] - y) * (z[o] - y);
                    d[o] = (z[o] - y) / count;
                }
            }
        }
        row_loss[row] = total;
    }
    __syncwarp();
    for (int k = lane; k < H; k += 32) {
        const float f = factor == nullptr ? 1.0f : factor[k];
        float sum = 0.0f;
        for (int o = 0; o < OUTPUTS; o++) sum += d[o] * weight[o * H + k];
        seen[(long long)row * H + k] = mine[k] * f;
        d_h[(long long)row * H + k] = sum * f;
    }
}

#define COST 0      // n updates cost n
#define DISTANCE 1  // |n - target|
#define SQUARED 2   // (n - target)^2
#define SUM_THREADS 256

// The sum of v over a block, in a fixed order; in every thread.
__device__ double block_sum(double v) {
    __shared__ double sums[SUM_THREADS];
    __syncthreads();
    sums[threadIdx.x] = v;
    __syncthreads();
    for (int half = SUM_THREADS / 2; half > 0; half /= 2) {
        if ((int)threadIdx.x < half) sums[threadIdx.x] += sums[threadIdx.x + half];
        __syncthreads();
    }
    return sums[0];
}

// Figures of the step, one block: loss (task and budget), budget, updates; and d_used (B), the budget's gradient by each
// update of a sequence. `price` (B) or null: factors on lambda.
extern "C" __global__ void total(
    const float *row_loss, int rows, double divisor, const float *counts, const float *price, int batch, int budget,
    float target, float lambda, float *d_used, double *figures) {
    double loss = 0.0, cost = 0.0, updates = 0.0;
    for (int k = threadIdx.x; k < rows; k += SUM_THREADS) loss += (double)row_loss[k];
    for (int b = threadIdx.x; b < batch; b += SUM_THREADS) {
        const float n = counts[b], off = n - target, factor = price == nullptr ? 1.0f : price[b];
        cost += (double)(factor * (budget == COST ? n : budget == DISTANCE ? fabsf(off) : off * off));
        const float slope = budget == COST ? 1.0f : budget == DISTANCE ? (off >= 0.0f ? 1.0f : -1.0f) : 2.0f * off;
        d_used[b] = lambda / (float)batch * factor * slope;
        updates += (double)n;
    }
    loss = block_sum(loss) / divisor;
    cost = block_sum(cost) / batch * (double)lambda;
    updates = block_sum(updates) / batch;
    if (threadIdx.x == 0) {
        figures[0] = loss + cost;
        figures[1] = cost;
        figures[2] = updates;
    }
}

#define TILE 64
#define DEPTH 16

// Column n of the operand [left | 1 | right] of row k.
__device__ __forceinline__ float operand(
    const float *left, int lefts, const float *right, int rights, const float *used, long long k, int n) {
    if (used != nullptr && !(used[k] > 0.5f)) return 0.0f;
    if (n < lefts) return left[k * lefts + n];
    if (n == lefts) return 1.0f;
    n -= lefts + 1;
    return n < rights ? right[k * rights + n] : 0.0f;
}

// partial[z] (M, N) = Σ_k a[k]ᵀ [left | 1 | right][k] over the z-th share of the rows k; N = lefts + 1 + rights. Rows with
// used[k] = 0 count as zero, whatever they hold; `used` null: all count. Blocks of 256 threads, (N / 64, M / 64, shares).
extern "C" __global__ void products(
    const float *a, int m, const float *left, int lefts, const float *right, int rights, const float *used, int rows,
    int share, float *partial) {
    __shared__ float left_tile[DEPTH][TILE], right_tile[DEPTH][TILE];
    const int n = lefts + 1 + rights, tid = threadIdx.x;
    const int column0 = blockIdx.x * TILE, row0 = blockIdx.y * TILE;
    const int from = blockIdx.z * share, to = from + share < rows ? from + share : rows;
    const int row = tid / 16 * 4, column = tid % 16 * 4;
    float sums[4][4];
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) sums[i][j] = 0.0f;
    }
    for (int start = from; start < to; start += DEPTH) {
        for (int e = tid; e < DEPTH * TILE; e += 256) {
            const int depth = e / TILE, place = e % TILE;
            const long long k = start + depth;
            left_tile[depth][place] = k < to && row0 + place < m ? a[k * m + row0 + place] : 0.0f;
            right_tile[depth][place] = k < to && column0 + place < n ? operand(left, lefts, right, rights, used, k, column0 + place) : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int depth = 0; depth < DEPTH; depth++) {
            for (int i = 0; i < 4; i++) {
                for (int j = 0; j < 4; j++) sums[i][j] += left_tile[depth][row + i] * right_tile[depth][column + j];
            }
        }
        __syncthreads();
    }
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
            if (row0 + row + i < m && column0 + column + j < n) {
                partial[((long long)blockIdx.z * m + row0 + row + i) * n + column0 + column + j] = sums[i][j];
            }
        }
    }
}

#define BLOCK_FIELDS 8

// The gradient from all partial sums. A block of it is a row of `blocks`: where its partial sums start, their number, M, N,
// the first row and column, the number of columns, where the block starts in the gradient. Blocks are in the order of the
// gradient, without gaps.
extern "C" __global__ void collect(const float *partial, const int *blocks, int count, int size, float *gradient) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= size) return;
    int of = count - 1;
    while (of > 0 && blocks[of * BLOCK_FIELDS + 7] > at) of--;
    const int *b = blocks + of * BLOCK_FIELDS;
    const int inner = at - b[7], row = b[4] + inner / b[6], column = b[5] + inner % b[6];
    float sum = 0.0f;
    for (int share = 0; share < b[1]; share++) sum += partial[b[0] + ((long long)share * b[2] + row) * b[3] + column];
    gradient[at] = sum;
}

// figures[3] = Σ gradient², one block. In f64 it is finite exactly where every element is.
extern "C" __global__ void gradient_norm(const float *gradient, int size, double *figures) {
    double sum = 0.0;
    for (int k = threadIdx.x; k < size; k += SUM_THREADS) sum += (double)gradient[k] * (double)gradient[k];
    sum = block_sum(sum);
    if (threadIdx.x == 0) figures[3] = sum;
}

// One step of Adam as in `adam.rs`, on the gradient clipped to `limit`; then h0 is moved into [-1, h0_most], and the
// weights on the network's inputs to within `most`. A gradient that is not finite changes nothing.
extern "C" __global__ void adam(
    float *parameters, const int *places, const float *gradient, float *mean, float *square, int size, const double *figures,
    double limit, double learning_rate, double scale1, double scale2, float h0_most, float most) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= size || !isfinite(figures[3])) return;
    const double length = sqrt(figures[3]);
    const float clipped = length > limit ? gradient[at] * (float)(limit / length) : gradient[at];
    const double g = (double)clipped;
    const double m = 0.9 * (double)mean[at] + (1.0 - 0.9) * g;
    const double v = 0.999 * (double)square[at] + (1.0 - 0.999) * g * g;
    mean[at] = (float)m;
    square[at] = (float)v;
    float p = (float)((double)parameters[at] - learning_rate * m * scale1 / (sqrt(v * scale2) + 1e-8));
    for (int l = 0; l < LAYERS; l++) {
        if (at >= INITIAL_H(l) && at < INITIAL_H(l) + H) p = fminf(fmaxf(p, -1.0f), h0_most);
    }
    if (at >= WEIGHT_IH(0) && at < WEIGHT_HH(0)) p = fminf(fmaxf(p, -most), most);
    parameters[at] = p;
}
