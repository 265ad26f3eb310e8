// Forward and backward through time of Skip LSTM, Skip GRU, LSTM and GRU: the whole sequence in one launch.
//
// Source of the model: Campos et al., "Skip RNN: Learning to Skip State Updates in Recurrent Neural Networks", ICLR 2018,
// equations (2) to (5) and (7); the gradient is that of the carried form with du/du~ = 1, as in the CPU's fused passes.
//
// A block holds ROWS sequences for all their steps, so that nothing is exchanged between blocks and the only
// synchronisation is __syncthreads(). The recurrent weights lie in shared memory as far as they fit, four values of one
// operand column at a time (a quad); the others are read from global memory, which then means the second-level cache, at
// every step. That is the tiled path: the same code with fewer resident quads.
//
// Sizes are constants of the compilation: FAMILY (0 LSTM, 1 GRU), LAYERS, INPUT, HIDDEN, ROWS, THREADS (at least
// 32 ROWS), RESIDENT (quads of weight_hh of each layer in shared memory, forward) and RESIDENT_BACK (the same, backward).
//
// `parameters` is the flat vector of the trainer, `places` where its arrays lie (plan.rs); `pack` makes quads of them.

#define H HIDDEN
#define LSTM (FAMILY == 0)
#define GATES (LSTM ? 4 : 3)
#define GH (GATES * H)
#define QUADS(n) (((n) + 3) / 4)
#define HP (QUADS(H) * 4)
#define IP (QUADS(INPUT) * 4)
#define GQ QUADS(GH)
#define PARTS (THREADS / H > 1 ? THREADS / H : 1)

// Where updates come from.
#define EVERY 0
#define GATE 1
#define BERNOULLI 2 // where draws < u~
#define IMPOSED 3   // draws are 0 or 1
#define RULE 4      // the closed form of skiprnn_nostd::skip, for evaluation

// `places`: for each layer, and then for gate and head.
#define WEIGHT_IH(l) places[(l) * 6]
#define WEIGHT_HH(l) places[(l) * 6 + 1]
#define BIAS(l) places[(l) * 6 + 2]
#define BIAS_HN(l) places[(l) * 6 + 3]
#define INITIAL_H(l) places[(l) * 6 + 4]
#define INITIAL_C(l) places[(l) * 6 + 5]
#define GATE_WEIGHT places[LAYERS * 6]
#define GATE_BIAS places[LAYERS * 6 + 1]
#define HEAD_WEIGHT places[LAYERS * 6 + 2]
#define HEAD_BIAS places[LAYERS * 6 + 3]

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

__device__ __forceinline__ int inputs_of(int layer) { return layer == 0 ? INPUT : H; }

// Quads of the forward pass before a layer: for each layer (I_k / 4 + H / 4, G·H).
__device__ __forceinline__ long long forward_quads(int layer) {
    return layer == 0 ? 0 : (long long)(QUADS(INPUT) + QUADS(H) + (layer - 1) * 2 * QUADS(H)) * GH;
}

// Quads of the backward pass before a layer: weight_hh (G·H / 4, H), and above the first layer weight_ih alike.
__device__ __forceinline__ long long backward_quads(int layer) { return layer == 0 ? 0 : (long long)(2 * layer - 1) * GQ * H; }

// Sum over a warp, in every lane.
__device__ __forceinline__ float warp_sum(float v) {
    for (int d = 16; d > 0; d >>= 1) v += __shfl_xor_sync(0xffffffffu, v, d);
    return v;
}

// sums[r] += Σ_k w_k · in[r]_k over `quads` quads; `w` points at the column, `in` is (ROWS, stride).
__device__ __forceinline__ void accumulate(float *sums, const float4 *w, long long step, int quads, const float *in, int stride) {
#pragma unroll 4
    for (int q = 0; q < quads; q++) {
        const float4 v = w[q * step];
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            const float4 s = *(const float4 *)(in + r * stride + 4 * q);
            sums[r] += v.x * s.x + v.y * s.y + v.z * s.z + v.w * s.w;
        }
    }
}

// Element e of quad (k4, j) is w[j][4 k4 + e], zero after the end.
__device__ __forceinline__ float4 quad_of_columns(const float *w, int columns, int k4, int j) {
    float v[4];
    for (int e = 0; e < 4; e++) v[e] = 4 * k4 + e < columns ? w[(long long)j * columns + 4 * k4 + e] : 0.0f;
    return make_float4(v[0], v[1], v[2], v[3]);
}

// Element e of quad (j4, k) is w[4 j4 + e][k], zero after the end.
__device__ __forceinline__ float4 quad_of_rows(const float *w, int rows, int columns, int j4, int k) {
    float v[4];
    for (int e = 0; e < 4; e++) v[e] = 4 * j4 + e < rows ? w[(long long)(4 * j4 + e) * columns + k] : 0.0f;
    return make_float4(v[0], v[1], v[2], v[3]);
}

// Quads for both passes.
extern "C" __global__ void pack(const float *parameters, const int *places, float4 *ahead, float4 *back) {
    const int all = gridDim.x * blockDim.x;
    for (int l = 0; l < LAYERS; l++) {
        const float *x = parameters + WEIGHT_IH(l), *h = parameters + WEIGHT_HH(l);
        const int of_x = QUADS(inputs_of(l));
        float4 *to = ahead + forward_quads(l);
        for (int k = blockIdx.x * blockDim.x + threadIdx.x; k < (of_x + QUADS(H)) * GH; k += all) {
            const int q = k / GH, j = k % GH;
            to[k] = q < of_x ? quad_of_columns(x, inputs_of(l), q, j) : quad_of_columns(h, H, q - of_x, j);
        }
        to = back + backward_quads(l);
        for (int k = blockIdx.x * blockDim.x + threadIdx.x; k < (l > 0 ? 2 : 1) * GQ * H; k += all) {
            to[k] = quad_of_rows(k < GQ * H ? h : x, GH, H, k / H % GQ, k % H);
        }
    }
}

// Shared memory of the forward pass, in floats.
#define FORWARD_FLOATS (LAYERS * RESIDENT * GH * 4 + ROWS * (2 * LAYERS * HP + HP + IP + 4 * H + H + 4))

// Forward. One block for each ROWS sequences.
//   x (B, T, I); dial (B) or null; draws (B, T) or null; lengths (B) or null.
// Writes
//   out: (B, H), or (B, T, H); used (B, T): u_t as 0 or 1; counts (B): their sums;
//   and with `save`, for the backward pass:
//   acts (L, B, T, 4, H): activations; cand_h, cand_c (L, B, T, H): candidates; previous (B, T): the step of the last update
//   before t, -1 for none; trace (3, B, T): u~_t, sigmoid(W_p S + b_p), delta u~_{t-1}.
extern "C" __global__ void __launch_bounds__(THREADS) forward(
    const float *parameters, const int *places, const float4 *packed, const float *x, const float *dial, const float *draws,
    const int *lengths, int batch, int T, int schedule, int every_step, int save, float *out, float *used, float *counts,
    float *acts, float *cand_h, float *cand_c, int *previous, float *trace) {
    DYNAMIC_SHARED(memory);
    float4 *resident = (float4 *)memory;             // (L, RESIDENT, G·H)
    float *h = memory + LAYERS * RESIDENT * GH * 4;  // (L, R, HP)
    float *c = h + LAYERS * ROWS * HP;               // (L, R, HP)
    float *below = c + LAYERS * ROWS * HP;           // (R, HP): candidate of the layer below
    float *sample = below + ROWS * HP;               // (R, IP)
    float *pre = sample + ROWS * IP;                 // (R, 4, H)
    float *top = pre + ROWS * 4 * H;                 // (R, H): what the gate reads
    float *scalar = top + ROWS * H;                  // (R, 4): u~ (RULE: next sample), delta u~, -, u
    const int tid = threadIdx.x;
    const long long BT = (long long)batch * T;
    const int first = blockIdx.x * ROWS;
    const int learned = schedule == GATE || schedule == BERNOULLI;

    for (int l = 0; l < LAYERS; l++) {
        const float4 *w = packed + forward_quads(l) + (long long)QUADS(inputs_of(l)) * GH;
        for (int k = tid; k < RESIDENT * GH; k += THREADS) resident[l * RESIDENT * GH + k] = w[k];
        for (int k = tid; k < ROWS * HP; k += THREADS) {
            const int unit = k % HP;
            h[l * ROWS * HP + k] = unit < H ? parameters[INITIAL_H(l) + unit] : 0.0f;
            c[l * ROWS * HP + k] = LSTM && unit < H ? parameters[INITIAL_C(l) + unit] : 0.0f;
        }
    }
    for (int k = tid; k < ROWS * HP; k += THREADS) below[k] = 0.0f;
    int latest = -1, count = 0; // of row tid, in the first ROWS threads
    if (tid < ROWS) {
        scalar[tid * 4] = schedule == RULE ? 0.0f : 1.0f;
        scalar[tid * 4 + 1] = 0.0f;
    }
    for (int t = 0; t < T; t++) {
        __syncthreads();
        if (tid < ROWS) {
            const int b = first + tid;
            float u = 0.0f;
            if (b < batch) {
                const long long at = (long long)b * T + t;
                const float urge = scalar[tid * 4];
                if (schedule == EVERY) u = 1.0f;
                else if (schedule == GATE) u = urge >= 0.5f ? 1.0f : 0.0f;
                else if (schedule == BERNOULLI) u = draws[at] < urge ? 1.0f : 0.0f;
                else if (schedule == IMPOSED) u = draws[at];
                else u = urge == (float)t ? 1.0f : 0.0f;
                if (lengths != nullptr && t >= lengths[b]) u = 0.0f;
                used[at] = u;
                if (save) previous[at] = latest;
                if (u > 0.5f) latest = t, count++;
            }
            scalar[tid * 4 + 3] = u;
        }
        for (int k = tid; k < ROWS * IP; k += THREADS) {
            const int b = first + k / IP, channel = k % IP;
            sample[k] = b < batch && channel < INPUT ? x[((long long)b * T + t) * INPUT + channel] : 0.0f;
        }
        __syncthreads();
        // Where updates are not learned, a step that no row makes needs no candidate.
        int wanted = learned;
        for (int r = 0; r < ROWS; r++) wanted |= scalar[r * 4 + 3] > 0.5f;
        if (wanted) {
            for (int l = 0; l < LAYERS; l++) {
                const float4 *w = packed + forward_quads(l);
                const int of_x = QUADS(inputs_of(l)), stride = l == 0 ? IP : HP;
                const float *in = l == 0 ? sample : below;
                const float *state = h + l * ROWS * HP;
                for (int j = tid; j < GH; j += THREADS) {
                    const int n = !LSTM && j >= 2 * H; // the GRU's n keeps what x and h add apart
                    float by_x[ROWS], by_h[ROWS];
                    for (int r = 0; r < ROWS; r++) {
                        by_x[r] = parameters[BIAS(l) + j];
                        by_h[r] = n ? parameters[BIAS_HN(l) + j - 2 * H] : 0.0f;
                    }
                    accumulate(by_x, w + j, GH, of_x, in, stride);
                    accumulate(by_h, resident + l * RESIDENT * GH + j, GH, RESIDENT, state, HP);
                    accumulate(
                        by_h, w + (long long)(of_x + RESIDENT) * GH + j, GH, QUADS(H) - RESIDENT, state + 4 * RESIDENT, HP);
                    for (int r = 0; r < ROWS; r++) {
                        pre[r * 4 * H + j] = n ? by_x[r] : by_x[r] + by_h[r];
                        if (n) pre[r * 4 * H + j + H] = by_h[r];
                    }
                }
                __syncthreads();
                for (int k = tid; k < ROWS * H; k += THREADS) {
                    const int r = k / H, unit = k % H, b = first + r;
                    if (b >= batch) continue;
                    const float *p = pre + r * 4 * H + unit;
                    const long long at = ((long long)l * batch + b) * T + t;
                    const int mine = (l * ROWS + r) * HP + unit;
                    const float u = scalar[r * 4 + 3];
                    float act[4], next, cell = 0.0f;
                    if (LSTM) {
                        act[0] = sigmoid(p[0]), act[1] = sigmoid(p[H]), act[2] = tanhf(p[2 * H]), act[3] = sigmoid(p[3 * H]);
                        cell = act[1] * c[mine] + act[0] * act[2];
                        next = act[3] * tanhf(cell);
                        if (u > 0.5f) c[mine] = cell;
                    } else {
                        act[0] = sigmoid(p[0]), act[1] = sigmoid(p[H]), act[3] = p[3 * H];
                        act[2] = tanhf(p[2 * H] + act[0] * act[3]);
                        next = act[2] + act[1] * (h[mine] - act[2]);
                    }
                    below[r * HP + unit] = next;
                    if (l == LAYERS - 1) top[k] = LSTM ? cell : next;
                    if (u > 0.5f) h[mine] = next;
                    if (save) {
                        for (int g = 0; g < 4; g++) acts[(at * 4 + g) * H + unit] = act[g];
                        cand_h[at * H + unit] = next;
                        if (LSTM) cand_c[at * H + unit] = cell;
                    }
                }
                __syncthreads();
            }
        }
        if ((learned || schedule == RULE) && wanted && tid / 32 < ROWS) {
            // A warp for each row: sigmoid(W_p S + b_p) of the top layer's candidate.
            const int r = tid / 32, b = first + r;
            if (b < batch) {
                float sum = 0.0f;
                for (int k = tid % 32; k < H; k += 32) sum += parameters[GATE_WEIGHT + k] * top[r * H + k];
                sum = warp_sum(sum);
                if (tid % 32 == 0) {
                    const float fresh = sigmoid(sum + parameters[GATE_BIAS] + (dial == nullptr ? 0.0f : dial[b]));
                    const float urge = scalar[r * 4], carried = scalar[r * 4 + 1];
                    const int u = scalar[r * 4 + 3] > 0.5f;
                    if (schedule == RULE) {
                        // delta u~ as an unsigned 0.32 fraction; (2^31 - 1) / d samples are skipped.
                        const double scaled = (double)fresh * 4294967296.0 + 0.5;
                        const unsigned d = scaled >= 4294967295.0 ? 0xffffffffu : scaled < 1.0 ? 1u : (unsigned)scaled;
                        const unsigned skipped = 0x7fffffffu / d;
                        if (u) scalar[r * 4] = skipped < (unsigned)(T - t) ? (float)(t + 1 + (int)skipped) : (float)T;
                    } else {
                        if (save) {
                            const long long at = (long long)b * T + t;
                            trace[at] = urge;
                            trace[BT + at] = fresh;
                            trace[2 * BT + at] = carried;
                        }
                        scalar[r * 4] = u ? fresh : urge + fminf(carried, 1.0f - urge); // (5)
                        if (u) scalar[r * 4 + 1] = fresh;
                    }
                }
            }
        }
        if (every_step || t + 1 == T) {
            for (int k = tid; k < ROWS * H; k += THREADS) {
                const int r = k / H, unit = k % H, b = first + r;
                if (b >= batch) continue;
                const long long at = every_step ? (long long)b * T + t : b;
                out[at * H + unit] = h[((LAYERS - 1) * ROWS + r) * HP + unit];
            }
        }
    }
    if (tid < ROWS && first + tid < batch) counts[first + tid] = (float)count;
}

// Shared memory of the backward pass, in floats.
#define BACKWARD_FLOATS (LAYERS * RESIDENT_BACK * H * 4 + ROWS * (2 * GQ * 4 + 2 * LAYERS * H + PARTS * H + 4))

// to (R, H) += wᵀ d, with w (G·H / 4, H) in quads of rows, the first `held` of them in shared memory, and d (R, GQ · 4).
// All threads take part; `part` is (PARTS, R, H).
__device__ __forceinline__ void through(
    float *to, const float4 *resident, int held, const float4 *w, const float *d, float *part) {
    for (int k = threadIdx.x; k < PARTS * H; k += THREADS) {
        const int p = k / H, unit = k % H;
        float sums[ROWS];
        for (int r = 0; r < ROWS; r++) sums[r] = 0.0f;
#pragma unroll 4
        for (int q = p; q < GQ; q += PARTS) {
            const float4 v = q < held ? resident[q * H + unit] : w[(long long)q * H + unit];
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                const float4 s = *(const float4 *)(d + (r * GQ + q) * 4);
                sums[r] += v.x * s.x + v.y * s.y + v.z * s.z + v.w * s.w;
            }
        }
        for (int r = 0; r < ROWS; r++) part[(p * ROWS + r) * H + unit] = sums[r];
    }
    __syncthreads();
    for (int k = threadIdx.x; k < ROWS * H; k += THREADS) {
        float v = to[k];
        for (int p = 0; p < PARTS; p++) v += part[p * ROWS * H + k];
        to[k] = v;
    }
    __syncthreads();
}

// Backward.
//   d_out: dL/dh of the output, (B, H) or (B, T, H); d_used (B): what the loss adds to each dL/du_t of a sequence directly;
//   u_most: bound on |dL/du_t|, infinity for none.
// Writes
//   d_pre (L, B, T, 4, H): gradient of the pre-activations, 0 where u_t = 0; LSTM i, f, g, o; GRU r, z, n_x, n_h; it may
//   lie where acts does: an element is read before it is written, by the same thread;
//   before (L, B, T, H): h_{t-1} where u_t = 1, else 0, the other factor of weight_hh's gradient;
//   d_gate (B, T): gradient of the gate's pre-activation; d_h0, d_c0 (B, L, H).
// Every sum over sequences is left to `products`, so that the result does not depend on the order of blocks.
extern "C" __global__ void __launch_bounds__(THREADS) backward(
    const float *parameters, const int *places, const float4 *packed, const int *lengths, int batch, int T, int schedule,
    int every_step, float u_most, const float *used, const float *acts, const float *cand_h, const float *cand_c,
    const int *previous, const float *trace, const float *d_out, const float *d_used, float *d_pre, float *before,
    float *d_gate, float *d_h0, float *d_c0) {
    DYNAMIC_SHARED(memory);
    float4 *resident = (float4 *)memory;                // (L, RESIDENT_BACK, H)
    float *by_h = memory + LAYERS * RESIDENT_BACK * H * 4; // (R, GQ · 4): gradient of what weight_hh gives
    float *by_x = by_h + ROWS * GQ * 4;                 // the same of weight_ih
    float *dh = by_x + ROWS * GQ * 4;                   // (L, R, H)
    float *dc = dh + LAYERS * ROWS * H;                 // (L, R, H)
    float *part = dc + LAYERS * ROWS * H;               // (PARTS, R, H)
    float *scalar = part + PARTS * ROWS * H;            // (R, 4): dL/du~, dL/d delta u~ as carried, gate's gradient, u
    const int tid = threadIdx.x;
    const long long BT = (long long)batch * T;
    const int first = blockIdx.x * ROWS;
    const int learned = schedule == GATE || schedule == BERNOULLI;

    for (int l = 0; l < LAYERS; l++) {
        const float4 *w = packed + backward_quads(l);
        for (int k = tid; k < RESIDENT_BACK * H; k += THREADS) resident[l * RESIDENT_BACK * H + k] = w[k];
    }
    for (int k = tid; k < 2 * ROWS * GQ * 4; k += THREADS) by_h[k] = 0.0f;
    for (int k = tid; k < 2 * LAYERS * ROWS * H; k += THREADS) dh[k] = 0.0f;
    if (tid < ROWS) scalar[tid * 4] = scalar[tid * 4 + 1] = 0.0f;
    __syncthreads();
    for (int t = T - 1; t >= 0; t--) {
        if (every_step || t + 1 == T) {
            for (int k = tid; k < ROWS * H; k += THREADS) {
                const int b = first + k / H;
                const long long at = every_step ? (long long)b * T + t : b;
                if (b < batch) dh[(LAYERS - 1) * ROWS * H + k] += d_out[at * H + k % H];
            }
            __syncthreads();
        }
        // A warp for each row: what its update is worth, and the gate.
        if (tid / 32 < ROWS) {
            const int r = tid / 32, lane = tid % 32, b = first + r;
            const long long at = (long long)b * T + t;
            const int inside = b < batch && (lengths == nullptr || t < lengths[b]);
            const int u = b < batch && used[at] > 0.5f;
            float worth = 0.0f;
            if (learned && inside) {
                const int last = previous[at];
                for (int l = 0; l < LAYERS; l++) {
                    const long long row = ((long long)l * batch + b) * T;
                    const float *h_last = last < 0 ? parameters + INITIAL_H(l) : cand_h + (row + last) * H;
                    const float *c_last = last < 0 || !LSTM ? parameters + INITIAL_C(l) : cand_c + (row + last) * H;
                    for (int k = lane; k < H; k += 32) {
                        const int mine = (l * ROWS + r) * H + k;
                        worth += dh[mine] * (cand_h[(row + t) * H + k] - h_last[k]);
                        if (LSTM) worth += dc[mine] * (cand_c[(row + t) * H + k] - c_last[k]);
                    }
                }
                worth = warp_sum(worth);
            }
            if (lane == 0) {
                float d_next = scalar[r * 4], d_carried = scalar[r * 4 + 1], d_fresh = 0.0f;
                if (learned && inside) {
                    const float urge = trace[at], fresh = trace[BT + at], carried = trace[2 * BT + at];
                    const float delta = u ? fresh : carried, room = 1.0f - urge;
                    const float grown = fminf(delta, room);
                    const float passes = delta <= room ? d_next : 0.0f;
                    const float d_delta = d_carried + (u ? d_next : passes);
                    float d_u = d_used[b] + worth + d_next * (delta - (urge + grown)) + d_delta * (fresh - carried);
                    if (d_u > u_most) d_u = u_most;
                    if (d_u < -u_most) d_u = -u_most;
                    d_next = u ? d_u : d_u + passes;
                    d_carried = u ? 0.0f : d_delta;
                    d_fresh = u ? d_delta * fresh * (1.0f - fresh) : 0.0f;
                } else if (learned) {
                    d_next = d_carried = 0.0f;
                }
                scalar[r * 4] = d_next;
                scalar[r * 4 + 1] = d_carried;
                scalar[r * 4 + 2] = d_fresh;
                scalar[r * 4 + 3] = u ? 1.0f : 0.0f;
                if (b < batch) d_gate[at] = d_fresh;
            }
        }
        __syncthreads();
        int any = 0;
        for (int r = 0; r < ROWS; r++) any |= scalar[r * 4 + 3] > 0.5f;
        for (int l = LAYERS - 1; l >= 0; l--) {
            for (int k = tid; k < ROWS * H; k += THREADS) {
                const int r = k / H, unit = k % H, b = first + r;
                if (b >= batch) continue; // its gradients are the zeros of the start
                const long long row = ((long long)l * batch + b) * T, at = row + t;
                float d[4] = {0.0f, 0.0f, 0.0f, 0.0f};
                float h_before = 0.0f;
                if (scalar[r * 4 + 3] > 0.5f) {
                    const int last = previous[(long long)b * T + t];
                    const int mine = (l * ROWS + r) * H + unit;
                    const float *a = acts + at * 4 * H + unit;
                    h_before = last < 0 ? parameters[INITIAL_H(l) + unit] : cand_h[(row + last) * H + unit];
                    float dhk = dh[mine];
                    const float of_gate =
                        learned && l == LAYERS - 1 ? scalar[r * 4 + 2] * parameters[GATE_WEIGHT + unit] : 0.0f;
                    if (LSTM) {
                        const float i = a[0], f = a[H], g = a[2 * H], o = a[3 * H];
                        const float c_before = last < 0 ? parameters[INITIAL_C(l) + unit] : cand_c[(row + last) * H + unit];
                        const float th = tanhf(cand_c[at * H + unit]);
                        const float dck = dc[mine] + of_gate + dhk * o * (1.0f - th * th);
                        d[0] = dck * g * i * (1.0f - i);
                        d[1] = dck * c_before * f * (1.0f - f);
                        d[2] = dck * i * (1.0f - g * g);
                        d[3] = dhk * th * o * (1.0f - o);
                        dc[mine] = dck * f;
                        dh[mine] = 0.0f;
                    } else {
                        const float rr = a[0], z = a[H], n = a[2 * H], nh = a[3 * H];
                        dhk += of_gate;
                        const float through_n = dhk * (1.0f - z) * (1.0f - n * n);
                        d[0] = through_n * nh * rr * (1.0f - rr);
                        d[1] = dhk * (h_before - n) * z * (1.0f - z);
                        d[2] = through_n;
                        d[3] = through_n * rr;
                        dh[mine] = dhk * z;
                    }
                }
                for (int g = 0; g < 4; g++) d_pre[(at * 4 + g) * H + unit] = d[g];
                for (int g = 0; g < GATES; g++) {
                    by_x[r * GQ * 4 + g * H + unit] = d[g];
                    by_h[r * GQ * 4 + g * H + unit] = !LSTM && g == 2 ? d[3] : d[g];
                }
                before[at * H + unit] = h_before;
            }
            if (!any) continue; // of the whole block: no thread waits below
            __syncthreads();
            const float4 *w = packed + backward_quads(l);
            through(dh + l * ROWS * H, resident + l * RESIDENT_BACK * H, RESIDENT_BACK, w, by_h, part);
            // The layer below: its candidate's h was this layer's x.
            if (l > 0) through(dh + (l - 1) * ROWS * H, resident, 0, w + (long long)GQ * H, by_x, part);
        }
        __syncthreads();
    }
    for (int k = tid; k < LAYERS * ROWS * H; k += THREADS) {
        const int l = k / (ROWS * H), b = first + k / H % ROWS;
        if (b >= batch) continue;
        const long long at = ((long long)b * LAYERS + l) * H + k % H;
        d_h0[at] = dh[k];
        if (LSTM) d_c0[at] = dc[k];
    }
}
