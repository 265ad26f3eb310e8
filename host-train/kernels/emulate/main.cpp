// A machine for the kernels on a CPU, driven over standard input and output, little-endian:
//   1 bytes:u64                     -> pointer:u64, zeroed
//   2 pointer:u64
//   3 pointer:u64 bytes:u64 data
//   4 pointer:u64 bytes:u64         -> data
//   5 kernel:u32 grid:3*u32 block:u32 shared floats:u32 count:u32 arguments:u64 each (a number's bits in the low ones)
//   6                               -> live allocations:u64
//   7 the constants: FAMILY LAYERS INPUT HIDDEN ROWS THREADS RESIDENT RESIDENT_BACK OUTPUTS, each u32
// The constants are variables here, so that one program serves all sizes. A write beyond the end of an allocation ends it.
#include "cuda.h"
#include <cstring>
#include <string>
#include <map>
#include <tuple>

static int constants[9];
#define FAMILY constants[0]
#define LAYERS constants[1]
#define INPUT constants[2]
#define HIDDEN constants[3]
#define ROWS constants[4]
#define THREADS constants[5]
#define RESIDENT constants[6]
#define RESIDENT_BACK constants[7]
#define OUTPUTS constants[8]

#include "../random.cu"
#include "../recurrence.cu"
#include "../step.cu"

template <class T> static T take() {
    T v;
    if (fread(&v, sizeof v, 1, stdin) != 1) exit(0);
    return v;
}

template <class T> static void put(const T &v) { fwrite(&v, sizeof v, 1, stdout); }

template <class T> static T argument(uint64_t bits) {
    T v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

template <class... P, size_t... N>
static std::function<void()> bound(void (*f)(P...), const std::vector<uint64_t> &a, std::index_sequence<N...>) {
    std::tuple<P...> values{argument<P>(a[N])...};
    return [=] { std::apply(f, values); };
}

template <class... P> static std::function<void()> bound(void (*f)(P...), const std::vector<uint64_t> &a) {
    if (a.size() != sizeof...(P)) {
        fprintf(stderr, "a kernel takes %zu arguments, %zu were given\n", sizeof...(P), a.size());
        exit(1);
    }
    return bound(f, a, std::index_sequence_for<P...>{});
}

static std::function<void()> kernel(unsigned which, const std::vector<uint64_t> &a) {
    // In the order of `Kernel` in machine.rs.
    switch (which) {
    case 0: return bound(draw, a);
    case 1: return bound(frequency, a);
    case 2: return bound(adding, a);
    case 3: return bound(pack, a);
    case 4: return bound(forward, a);
    case 5: return bound(head_and_loss, a);
    case 6: return bound(total, a);
    case 7: return bound(backward, a);
    case 8: return bound(products, a);
    case 9: return bound(collect, a);
    case 10: return bound(gradient_norm, a);
    case 11: return bound(adam, a);
    }
    fprintf(stderr, "no kernel %u\n", which);
    exit(1);
}

static const uint64_t GUARD = 0x7ff8dead7ff8dead;
static const size_t GUARDS = 8;

static std::map<char *, uint64_t> live;

static void check(const std::string &when) {
    for (auto [p, bytes] : live) {
        for (size_t k = 0; k < GUARDS; k++) {
            uint64_t before, after;
            memcpy(&before, p - 8 * (k + 1), 8);
            memcpy(&after, p + bytes + 8 * k, 8);
            if (before != GUARD || after != GUARD) {
                fprintf(stderr, "%s: written outside an allocation of %lu bytes\n", when.c_str(), (unsigned long)bytes);
                exit(1);
            }
        }
    }
}

int main() {
    for (;;) {
        switch (take<uint32_t>()) {
        case 1: {
            const uint64_t bytes = take<uint64_t>();
            char *base = (char *)aligned_alloc(64, (bytes + 2 * 8 * GUARDS + 63) / 64 * 64);
            char *p = base + 8 * GUARDS;
            for (size_t k = 0; k < GUARDS; k++) {
                memcpy(base + 8 * k, &GUARD, 8);
                memcpy(p + bytes + 8 * k, &GUARD, 8);
            }
            memset(p, 0, bytes);
            live[p] = bytes;
            put((uint64_t)p);
            break;
        }
        case 2: {
            char *p = (char *)take<uint64_t>();
            live.erase(p);
            free(p - 8 * GUARDS);
            break;
        }
        case 3: {
            char *p = (char *)take<uint64_t>();
            const uint64_t bytes = take<uint64_t>();
            if (bytes > live.at(p) || fread(p, 1, bytes, stdin) != bytes) exit(1);
            break;
        }
        case 4: {
            char *p = (char *)take<uint64_t>();
            const uint64_t bytes = take<uint64_t>();
            if (bytes > live.at(p)) exit(1);
            fwrite(p, 1, bytes, stdout);
            break;
        }
        case 5: {
            const unsigned which = take<uint32_t>();
            gridDim.x = take<uint32_t>(), gridDim.y = take<uint32_t>(), gridDim.z = take<uint32_t>();
            blockDim = Index{(int)take<uint32_t>(), 1, 1};
            const size_t floats = take<uint32_t>();
            std::vector<uint64_t> arguments(take<uint32_t>());
            for (auto &a : arguments) a = take<uint64_t>();
            machine.kernel = kernel(which, arguments);
            for (int z = 0; z < gridDim.z; z++)
                for (int y = 0; y < gridDim.y; y++)
                    for (int x = 0; x < gridDim.x; x++) {
                        blockIdx = Index{x, y, z};
                        machine.run_block(blockDim.x, floats);
                    }
            check("kernel " + std::to_string(which));
            break;
        }
        case 6: put((uint64_t)live.size()); break;
        case 7:
            for (int &c : constants) c = (int)take<uint32_t>();
            break;
        default: exit(1);
        }
        fflush(stdout);
    }
}
