#pragma once

#ifdef GENDEMOD_CUDA_RACES
#include "crew.hpp"
#else
#include <array>
#endif

/// How the body of a kernel is written, once, for devices and for hosts.
///
/// A kernel is a struct of plain data with
///
///   static constexpr int threads = 128;      // of a block
///   struct Shared { float part[threads]; };  // memory that the threads of a block share
///   template <class Block>
///   GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const;
///
/// The work of the threads stands in block.each([&](int t) { ... }), after which they wait for each
/// other; what a thread keeps from one `each` to the next is a PerThread. Nothing else may depend
/// on the thread. On a device `each` runs its body once, for the thread at hand; on a host it is a
/// loop. So what a test of the host build runs is what the device runs, and sums have one order.
///
/// What stands between `each`es is done by every thread of a device, and some are ahead: where it
/// reads what the next `each` writes, an empty one must come first. GENDEMOD_CUDA=RACES, where
/// each thread of a block is one of the host, shows where it is missing.
#ifdef __CUDACC__
#define GENDEMOD_DEVICE __device__ __forceinline__
#define GENDEMOD_BOTH __host__ __device__ __forceinline__
#define GENDEMOD_PRAGMA(words) _Pragma(#words)
/// Before a loop: so many passes at a time, because more would need too many registers.
#define GENDEMOD_UNROLL(passes) GENDEMOD_PRAGMA(unroll passes)
#else
#define GENDEMOD_DEVICE
#define GENDEMOD_BOTH inline
#define GENDEMOD_UNROLL(passes)
#endif

namespace gendemod::cuda {

using Index = long long;

#ifdef __CUDACC__

template <int threads>
struct Block {
  GENDEMOD_DEVICE static Index index() { return blockIdx.x; }
  template <class Body>
  GENDEMOD_DEVICE static void each(Body body) {
    body(static_cast<int>(threadIdx.x));
    __syncthreads();
  }
};

template <class U, int threads>
struct PerThread {
  U value{};
  GENDEMOD_DEVICE U& operator[](int) { return value; }
};

#elif defined(GENDEMOD_CUDA_RACES)

template <int threads>
struct Block {
  Index number;
  int thread;
  Barrier& barrier;
  Index index() const { return number; }
  template <class Body>
  void each(Body body) const {
    body(thread);
    barrier.wait();
  }
};

template <class U, int threads>
struct PerThread {
  U value{};
  U& operator[](int) { return value; }
};

#else

template <int threads>
struct Block {
  Index number;
  Index index() const { return number; }
  template <class Body>
  void each(Body body) const {
    for (int t = 0; t < threads; ++t) body(t);
  }
};

template <class U, int threads>
struct PerThread {
  std::array<U, threads> values{};
  U& operator[](int t) { return values[static_cast<std::size_t>(t)]; }
};

#endif

/// 16 bytes, which a thread reads or writes at a time.
template <class T>
struct alignas(16) Pack {
  static constexpr int size = 16 / sizeof(T);
  T values[size];
};

}  // namespace gendemod::cuda
