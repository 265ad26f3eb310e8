// What the kernels need of the compiler, at the head of the program that NVRTC compiles. kernels/emulate/cuda.h is the same
// for a C++ compiler.
#define DYNAMIC_SHARED(name)                  \
    extern __shared__ float4 name##_quads[];  \
    float *name = (float *)name##_quads
#define INFINITY __int_as_float(0x7f800000)
