#pragma once

#include "block.hpp"
#include "device.hpp"

#ifdef __CUDACC__
#include <cuda_runtime.h>
#endif

/// The thin layer between kernels and what runs them; included by .cu files alone.
namespace gendemod::cuda {

#ifdef __CUDACC__

struct Queue::State {
  cudaStream_t stream;
};

/// Throws DeviceError unless all is well.
void check(cudaError_t status, const char* what);

/// As long as it lives, "the device" is the current one of this thread, whatever others chose: the
/// first of those that CUDA_VISIBLE_DEVICES shows.
class OnDevice {
 public:
  OnDevice();
  ~OnDevice();
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;

 private:
  int before_ = 0;
};

/// Blocks that a grid holds.
inline constexpr Index most_blocks = (Index(1) << 31) - 1;

template <class Kernel>
__global__ void __launch_bounds__(Kernel::threads) run_kernel(const Kernel kernel) {
  __shared__ typename Kernel::Shared shared;
  kernel(Block<Kernel::threads>{}, shared);
}

/// Runs `kernel` in blocks 0 .. blocks - 1.
template <class Kernel>
void launch(Queue& queue, Index blocks, const Kernel& kernel) {
  if (blocks == 0) return;
  if (blocks > most_blocks) {
    throw DeviceError("the device runs at most " + std::to_string(most_blocks) +
                      " blocks of a kernel, not " + std::to_string(blocks));
  }
  const OnDevice guard;
  run_kernel<<<static_cast<unsigned>(blocks), Kernel::threads, 0, queue.state().stream>>>(kernel);
  check(cudaGetLastError(), "launch a kernel");
}

#else

struct Queue::State {
  std::vector<std::function<void()>>* recording = nullptr;
  void run(std::function<void()> work) {
    if (recording != nullptr) {
      recording->push_back(std::move(work));
    } else {
      work();
    }
  }
};

#ifdef GENDEMOD_CUDA_RACES

template <int size>
Crew& crew_of() {
  static Crew& crew = *new Crew(size);
  return crew;
}

/// Two blocks at a time, each thread of theirs on one of the host.
template <class Kernel>
void run_blocks(Index blocks, const Kernel& kernel) {
  typename Kernel::Shared shared[2];
  Barrier barriers[2] = {Barrier(Kernel::threads), Barrier(Kernel::threads)};
  crew_of<2 * Kernel::threads>().run([&](int member) {
    const int pair = member / Kernel::threads, thread = member % Kernel::threads;
    for (Index b = pair; b < blocks; b += 2) {
      kernel(Block<Kernel::threads>{b, thread, barriers[pair]}, shared[pair]);
      barriers[pair].wait();
    }
  });
}

#else

template <class Kernel>
void run_blocks(Index blocks, const Kernel& kernel) {
  for (Index b = 0; b < blocks; ++b) {
    typename Kernel::Shared shared;
    kernel(Block<Kernel::threads>{b}, shared);
  }
}

#endif

template <class Kernel>
void launch(Queue& queue, Index blocks, const Kernel& kernel) {
  queue.state().run([=] { run_blocks(blocks, kernel); });
}

#endif

}  // namespace gendemod::cuda
