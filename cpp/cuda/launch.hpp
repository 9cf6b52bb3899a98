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

template <class Kernel>
__global__ void __launch_bounds__(Kernel::threads) run_kernel(const Kernel kernel) {
  __shared__ typename Kernel::Shared shared;
  kernel(Block<Kernel::threads>{}, shared);
}

/// Runs `kernel` in blocks 0 .. blocks - 1.
template <class Kernel>
void launch(Queue& queue, Index blocks, const Kernel& kernel) {
  if (blocks == 0) return;
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

template <class Kernel>
void launch(Queue& queue, Index blocks, const Kernel& kernel) {
  queue.state().run([=] {
    for (Index b = 0; b < blocks; ++b) {
      typename Kernel::Shared shared;
      kernel(Block<Kernel::threads>{b}, shared);
    }
  });
}

#endif

}  // namespace gendemod::cuda
