// What a device can reach, as JSON on the standard output: bytes that a copy within its memory reads
// and writes, and operations of fused multiply-adds, per second. Medians of ten.
//
//     nvcc -O3 -arch=native benchmarks/ceilings.cu -o ceilings && ./ceilings

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

constexpr int chains = 8, steps = 4096, threads = 256, repetitions = 10;

void check(cudaError_t status) {
  if (status == cudaSuccess) return;
  std::fprintf(stderr, "%s\n", cudaGetErrorString(status));
  std::exit(2);
}

/// Independent chains of multiply-adds in registers; the sum is written, so that they are done.
template <class T>
__global__ void multiply_add(T* out, T a, T b) {
  T values[chains];
  for (int k = 0; k < chains; ++k) values[k] = static_cast<T>(threadIdx.x + k);
  for (int i = 0; i < steps; ++i) {
#pragma unroll
    for (int k = 0; k < chains; ++k) values[k] = a * values[k] + b;
  }
  T sum = 0;
  for (int k = 0; k < chains; ++k) sum += values[k];
  out[static_cast<std::size_t>(blockIdx.x) * blockDim.x + threadIdx.x] = sum;
}

template <class Work>
double median_seconds(Work work) {
  cudaEvent_t begin, end;
  check(cudaEventCreate(&begin));
  check(cudaEventCreate(&end));
  std::vector<double> seconds;
  for (int i = 0; i <= repetitions; ++i) {
    check(cudaEventRecord(begin));
    work();
    check(cudaEventRecord(end));
    check(cudaEventSynchronize(end));
    check(cudaGetLastError());
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, begin, end));
    if (i > 0) seconds.push_back(milliseconds / 1e3);  // the first warms up
  }
  std::sort(seconds.begin(), seconds.end());
  return (seconds[repetitions / 2 - 1] + seconds[repetitions / 2]) / 2;
}

template <class T>
double flops(int processors) {
  const int blocks = 16 * processors;
  T* out = nullptr;
  check(cudaMalloc(&out, sizeof(T) * blocks * threads));
  const double seconds = median_seconds(
      [&] { multiply_add<T><<<blocks, threads>>>(out, static_cast<T>(0.999), static_cast<T>(1)); });
  check(cudaFree(out));
  return 2.0 * chains * steps * threads * blocks / seconds;
}

}  // namespace

int main() {
  cudaDeviceProp device;
  check(cudaGetDeviceProperties(&device, 0));
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total));
  const std::size_t bytes = std::min(free / 4, std::size_t(1) << 32);
  char *from = nullptr, *to = nullptr;
  check(cudaMalloc(&from, bytes));
  check(cudaMalloc(&to, bytes));
  check(cudaMemset(from, 1, bytes));
  const double copy = median_seconds(
      [&] { check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice)); });
  std::printf(
      "{\"device\": \"%s\", \"processors\": %d, \"l2_bytes\": %d, \"copied_bytes\": %zu,\n"
      " \"copy_bytes_per_second\": %.4e, \"float32_flops_per_second\": %.4e,\n"
      " \"float64_flops_per_second\": %.4e}\n",
      device.name, device.multiProcessorCount, device.l2CacheSize, bytes, 2.0 * bytes / copy,
      flops<float>(device.multiProcessorCount), flops<double>(device.multiProcessorCount));
  return 0;
}
