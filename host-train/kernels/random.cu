// Philox 4x32-10 and the generated tasks, with the numbers of `philox.rs` and `tasks.rs`: the uniform numbers agree to
// the bit, a sine to a unit in the last place of f32.
//
// What must agree is computed by `_rn` operations, which the compiler does not contract into fused ones.

// Word `word` of the stream of item `index` (Salmon et al., SC 2011, section 3.3).
struct Stream {
    unsigned index, step, purpose, key0, key1;
};

// `purpose` carries the high bits of the step: purpose << 24 | (step >> 32 & 0xffffff).
__device__ __forceinline__ Stream stream(unsigned seed_low, unsigned seed_high, unsigned purpose, unsigned step, unsigned index) {
    Stream s;
    s.index = index;
    s.step = step;
    s.purpose = purpose;
    s.key0 = seed_low;
    s.key1 = seed_high;
    return s;
}

// The k-th uniform number of a stream: in [0, 1), a multiple of 2^-53. A block of four words holds two of them.
__device__ double uniform(const Stream &s, unsigned k) {
    unsigned c[4] = {k / 2, s.index, s.step, s.purpose};
    unsigned key0 = s.key0, key1 = s.key1;
    for (int round = 0; round < 10; round++) {
        const unsigned long long p0 = 0xD2511F53ull * c[0], p1 = 0xCD9E8D57ull * c[2];
        const unsigned next0 = (unsigned)(p1 >> 32) ^ c[1] ^ key0, next2 = (unsigned)(p0 >> 32) ^ c[3] ^ key1;
        c[0] = next0;
        c[1] = (unsigned)p1;
        c[2] = next2;
        c[3] = (unsigned)p0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    const unsigned high = k % 2 == 0 ? c[0] : c[2], low = k % 2 == 0 ? c[1] : c[3];
    const unsigned long long bits = (unsigned long long)high << 32 | low;
    return (double)(bits >> 11) * 1.1102230246251565e-16; // 2^-53, exact
}

__device__ __forceinline__ double between(double low, double high, double u) {
    return __dadd_rn(low, __dmul_rn(high - low, u));
}

__device__ __forceinline__ int below(int n, double u) {
    const long long k = (long long)__dmul_rn(u, (double)n);
    return k < n - 1 ? (int)k : n - 1;
}

// What `draw` makes of uniform numbers v.
#define RAW 0     // v as f32
#define USED 1    // 1 where v, as f32, is at least `limit`, else 0: random skips in training
#define KEPT 2    // 0 where v, as f32, is below `limit`, else `scale`: dropout
#define ALLOWED 3 // 1 where v is at least `limit`, else 0: random skips in evaluation

// (rows, columns): numbers k of streams `first` + n.
extern "C" __global__ void draw(
    unsigned seed_low, unsigned seed_high, unsigned purpose, unsigned step, int first, int rows, int columns, int what,
    double limit, float scale, float *out) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= rows * columns) return;
    const double v = uniform(stream(seed_low, seed_high, purpose, step, first + at / columns), at % columns);
    const float narrow = (float)v;
    if (what == RAW) out[at] = narrow;
    else if (what == USED) out[at] = (double)narrow >= limit ? 1.0f : 0.0f;
    else if (what == KEPT) out[at] = (double)narrow < limit ? 0.0f : scale;
    else out[at] = v >= limit ? 1.0f : 0.0f;
}

// Sine waves: x (rows, length), labels (rows). `period_ms`: between samples.
extern "C" __global__ void frequency(
    unsigned seed_low, unsigned seed_high, unsigned purpose, unsigned step, int rows, int length, double period_ms, float *x,
    int *labels) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= rows * length) return;
    const int n = at / length, t = at % length;
    const Stream s = stream(seed_low, seed_high, purpose, step, n);
    const double first = uniform(s, 0);
    double wave_ms;
    if (n % 2 == 1) {
        wave_ms = between(5.0, 6.0, first);
    } else {
        const double r = between(0.0, 98.0, first);
        wave_ms = r < 4.0 ? 1.0 + r : 2.0 + r;
    }
    const double shift_ms = between(0.0, wave_ms, uniform(s, 1));
    const double turns = __dmul_rn(6.283185307179586, __dadd_rn(__dmul_rn((double)t, period_ms), shift_ms));
    x[at] = (float)sin(turns / wave_ms);
    if (t == 0) labels[n] = n % 2;
}

// Adding: x (rows, length, 2): value, marker; sums (rows).
extern "C" __global__ void adding(
    unsigned seed_low, unsigned seed_high, unsigned purpose, unsigned step, int rows, int length, float *x, float *sums) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= rows * length) return;
    const int n = at / length, t = at % length, half = length / 2;
    const Stream s = stream(seed_low, seed_high, purpose, step, n);
    const int first = below(length / 10 > 1 ? length / 10 : 1, uniform(s, 0));
    const int second = length - half + below(half, uniform(s, 1));
    x[2 * at] = (float)between(-0.5, 0.5, uniform(s, 2 + t));
    x[2 * at + 1] = t == first || t == second ? 1.0f : 0.0f;
    if (t == 0) {
        sums[n] = (float)between(-0.5, 0.5, uniform(s, 2 + first)) + (float)between(-0.5, 0.5, uniform(s, 2 + second));
    }
}
