// The device of the CUDA runtime.

#include "launch.hpp"

namespace gendemod::cuda {

struct Graph::Recording {
  cudaGraphExec_t executable = nullptr;
  ~Recording() { cudaGraphExecDestroy(executable); }
};

void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // so that the next call does not report it again
  throw DeviceError(std::string("the device failed to ") + what + ": " +
                    cudaGetErrorString(status));
}

std::string why_no_device() {
  int count = 0;
  const cudaError_t status = cudaGetDeviceCount(&count);
  cudaGetLastError();
  if (status == cudaErrorInsufficientDriver) {
    return "there is no NVIDIA driver, or one older than the CUDA runtime of this build";
  }
  if (status == cudaErrorNoDevice || (status == cudaSuccess && count == 0)) {
    return "there is no CUDA device";
  }
  return status == cudaSuccess ? "" : cudaGetErrorString(status);
}

DeviceInfo device_info() {
  int device = 0, driver = 0;
  check(cudaGetDevice(&device), "be found");
  check(cudaDriverGetVersion(&driver), "tell its driver");
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, device), "tell its properties");
  DeviceInfo info;
  info.name = properties.name;
  info.driver = std::to_string(driver / 1000) + "." + std::to_string(driver % 1000 / 10);
  info.compute_capability = 10 * properties.major + properties.minor;
  check(cudaMemGetInfo(&info.free_bytes, &info.total_bytes), "tell its memory");
  return info;
}

std::size_t free_bytes() {
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "tell its memory");
  return free;
}

void* allocate(std::size_t bytes) {
  void* device = nullptr;
  const cudaError_t status = cudaMalloc(&device, bytes);
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw OutOfMemory(bytes, free_bytes());
  }
  check(status, "allocate memory");
  return device;
}

void release(void* device) noexcept {
  cudaFree(device);
}

Queue::Queue() : state_(std::make_unique<State>()) {
  check(cudaStreamCreateWithFlags(&state_->stream, cudaStreamNonBlocking), "make a stream");
}

Queue::~Queue() {
  cudaStreamSynchronize(state_->stream);
  cudaStreamDestroy(state_->stream);
}

void Queue::wait() {
  check(cudaStreamSynchronize(state_->stream), "finish its work");
}

void Queue::fill(void* device, int byte, std::size_t bytes) {
  check(cudaMemsetAsync(device, byte, bytes, state_->stream), "fill memory");
}

void Queue::upload(const void* host, void* device, std::size_t bytes) {
  check(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, state_->stream),
        "be copied to");
}

void Queue::download(const void* device, void* host, std::size_t bytes) {
  check(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, state_->stream),
        "be copied from");
  wait();
}

void Queue::copy(const void* from, void* to, std::size_t bytes) {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, state_->stream), "copy");
}

Graph Queue::record(const std::function<void()>& work) {
  check(cudaStreamBeginCapture(state_->stream, cudaStreamCaptureModeThreadLocal), "record");
  cudaGraph_t graph = nullptr;
  try {
    work();
  } catch (...) {
    cudaStreamEndCapture(state_->stream, &graph);
    cudaGraphDestroy(graph);
    throw;
  }
  check(cudaStreamEndCapture(state_->stream, &graph), "record");
  auto recording = std::make_shared<Graph::Recording>();
  const cudaError_t status = cudaGraphInstantiate(&recording->executable, graph, 0);
  cudaGraphDestroy(graph);
  check(status, "make a graph");
  return Graph(std::move(recording));
}

void Queue::run(const Graph& graph) {
  check(cudaGraphLaunch(graph.recording().executable, state_->stream), "run a graph");
}

}  // namespace gendemod::cuda
