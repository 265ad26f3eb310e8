// Enough of CUDA to run the kernels on a CPU: a fiber for each thread of a block, blocks one after another. Between two
// barriers the threads run in a random order (the same one every time), so that a missing barrier shows as a wrong result.
// Shared memory starts as NaN.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <csetjmp>
#include <functional>
#include <ucontext.h>
#include <vector>

struct Index {
    int x, y, z;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
static float4 make_float4(float x, float y, float z, float w) { return float4{x, y, z, w}; }
static double __dadd_rn(double a, double b) { return a + b; }
static double __dmul_rn(double a, double b) { return a * b; }
using std::isfinite;

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(n)
#define __shared__ static
#define DYNAMIC_SHARED(name) float *name = machine.shared()

static Index threadIdx, blockIdx, blockDim, gridDim;

struct Machine {
    enum State { Runs, AtWarp, AtBlock, Done };
    static constexpr int Threads = 1024;
    static constexpr size_t Stack = 64 << 10;

    // A fiber is entered by setcontext and from then on by longjmp, which takes no call of the system.
    jmp_buf fibers[Threads], scheduler;
    bool entered[Threads];
    std::vector<char> stacks = std::vector<char>(Threads * Stack);
    State states[Threads];
    float lanes[Threads];
    int current = 0, threads = 0;
    std::vector<float4> memory;
    std::function<void()> kernel;
    uint32_t random = 1;

    float *shared() { return (float *)memory.data(); }

    void wait(State state) {
        states[current] = state;
        if (_setjmp(fibers[current]) == 0) _longjmp(scheduler, 1);
    }

    // Runs a thread to its next barrier or its end.
    void __attribute__((noinline)) resume(int t) {
        current = t;
        threadIdx = Index{t, 0, 0};
        if (_setjmp(scheduler) != 0) return;
        if (entered[t]) _longjmp(fibers[t], 1);
        entered[t] = true;
        ucontext_t start;
        getcontext(&start);
        start.uc_stack.ss_sp = stacks.data() + t * Stack;
        start.uc_stack.ss_size = Stack;
        start.uc_link = nullptr;
        makecontext(&start, enter, 0);
        setcontext(&start);
    }

    static void enter();

    void run_block(int count, size_t floats) {
        threads = count;
        memory.assign(floats / 4 + 1, make_float4(NAN, NAN, NAN, NAN));
        std::vector<int> order(count);
        for (int t = 0; t < count; t++) {
            order[t] = t;
            states[t] = Runs;
            entered[t] = false;
        }
        for (;;) {
            for (int k = count - 1; k > 0; k--) {
                random = random * 1664525u + 1013904223u;
                std::swap(order[k], order[(random >> 8) % (k + 1)]);
            }
            for (int t : order) {
                if (states[t] == Runs) resume(t);
            }
            if (!release()) return;
        }
    }

    // Lets those go on that wait for no other; false where all have ended.
    bool release() {
        bool moved = false, ended = true;
        for (int from = 0; from < threads; from += 32) {
            const int to = from + 32 < threads ? from + 32 : threads;
            int waiting = 0;
            for (int t = from; t < to; t++) waiting += states[t] == AtWarp;
            if (waiting == to - from) {
                for (int t = from; t < to; t++) states[t] = Runs;
                moved = true;
            }
        }
        if (moved) return true;
        for (int t = 0; t < threads; t++) {
            if (states[t] == AtWarp) {
                fprintf(stderr, "block %d: the threads of a warp part before a warp operation\n", blockIdx.x);
                exit(1);
            }
            if (states[t] == AtBlock) states[t] = Runs, ended = false;
        }
        return !ended;
    }
};
static Machine machine;

inline void Machine::enter() {
    machine.kernel();
    machine.states[machine.current] = Done;
    _longjmp(machine.scheduler, 1);
}

static void __syncthreads() { machine.wait(Machine::AtBlock); }
static void __syncwarp() { machine.wait(Machine::AtWarp); }
static float __shfl_xor_sync(unsigned, float v, int d) {
    const int me = machine.current;
    machine.lanes[me] = v;
    __syncwarp();
    const float other = machine.lanes[me ^ d];
    __syncwarp();
    return other;
}
