// The device of the CUDA runtime.

#include <algorithm>

#include "launch.hpp"

namespace gendemod::cuda {

struct Graph::Recording {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  ~Recording() {
    if (executable != nullptr) cudaGraphExecDestroy(executable);
    if (graph != nullptr) cudaGraphDestroy(graph);
  }
};

OnDevice::OnDevice() {
  check(cudaGetDevice(&before_), "be found");
  if (before_ != 0) check(cudaSetDevice(0), "be chosen");
}

OnDevice::~OnDevice() {
  if (before_ != 0) cudaSetDevice(before_);
}

void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // so that the next call does not report it again
  throw DeviceError(std::string("the device failed to ") + what + ": " +
                    cudaGetErrorString(status));
}

namespace {

/// Copies rows of so many bytes, which begin a stride apart.
void copy_rows(cudaStream_t stream, const void* from, std::size_t from_stride, void* to,
               std::size_t to_stride, std::size_t bytes, std::size_t count, cudaMemcpyKind kind) {
  constexpr std::size_t largest_stride = (std::size_t(1) << 31) - 1;  // of a copy in two dimensions
  const OnDevice guard;
  if (std::max(from_stride, to_stride) <= largest_stride) {
    check(cudaMemcpy2DAsync(to, to_stride, from, from_stride, bytes, count, kind, stream),
          "copy rows");
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    check(cudaMemcpyAsync(static_cast<char*>(to) + i * to_stride,
                          static_cast<const char*>(from) + i * from_stride, bytes, kind, stream),
          "copy a row");
  }
}

}  // namespace

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
  const OnDevice guard;
  int driver = 0;
  check(cudaDriverGetVersion(&driver), "tell its driver");
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, 0), "tell its properties");
  DeviceInfo info;
  info.name = properties.name;
  info.driver = std::to_string(driver / 1000) + "." + std::to_string(driver % 1000 / 10);
  info.compute_capability = 10 * properties.major + properties.minor;
  check(cudaMemGetInfo(&info.free_bytes, &info.total_bytes), "tell its memory");
  return info;
}

std::size_t free_bytes() {
  const OnDevice guard;
  std::size_t free = 0, total = 0;
  check(cudaMemGetInfo(&free, &total), "tell its memory");
  return free;
}

void* allocate(std::size_t bytes) {
  const OnDevice guard;
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
  cudaFree(device);  // whichever is current: the address tells the device
}

Queue::Queue() : state_(std::make_unique<State>()) {
  const OnDevice guard;
  check(cudaStreamCreateWithFlags(&state_->stream, cudaStreamNonBlocking), "make a stream");
}

Queue::~Queue() {
  cudaStreamSynchronize(state_->stream);
  cudaStreamDestroy(state_->stream);
}

void Queue::wait() {
  const OnDevice guard;
  check(cudaStreamSynchronize(state_->stream), "finish its work");
}

void Queue::fill(void* device, int byte, std::size_t bytes) {
  const OnDevice guard;
  check(cudaMemsetAsync(device, byte, bytes, state_->stream), "fill memory");
}

void Queue::upload(const void* host, void* device, std::size_t bytes) {
  const OnDevice guard;
  check(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, state_->stream),
        "be copied to");
}

void Queue::download(const void* device, void* host, std::size_t bytes) {
  const OnDevice guard;
  check(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, state_->stream),
        "be copied from");
  wait();
}

void Queue::copy(const void* from, void* to, std::size_t bytes) {
  const OnDevice guard;
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, state_->stream), "copy");
}

void Queue::upload_rows(const void* host, std::size_t bytes, std::size_t count, void* device,
                        std::size_t stride) {
  copy_rows(state_->stream, host, bytes, device, stride, bytes, count, cudaMemcpyHostToDevice);
}

void Queue::download_rows(const void* device, std::size_t stride, std::size_t count, void* host,
                          std::size_t bytes) {
  copy_rows(state_->stream, device, stride, host, bytes, bytes, count, cudaMemcpyDeviceToHost);
  wait();
}

Graph Queue::record(const std::function<void()>& work) {
  const OnDevice guard;
  auto recording = std::make_shared<Graph::Recording>();
  check(cudaStreamBeginCapture(state_->stream, cudaStreamCaptureModeThreadLocal), "record");
  try {
    work();
  } catch (...) {
    cudaStreamEndCapture(state_->stream, &recording->graph);
    cudaGetLastError();  // what was thrown says more
    throw;
  }
  check(cudaStreamEndCapture(state_->stream, &recording->graph), "record");
  check(cudaGraphInstantiate(&recording->executable, recording->graph, 0), "make a graph");
  return Graph(std::move(recording));
}

void Queue::run(const Graph& graph) {
  const OnDevice guard;
  check(cudaGraphLaunch(graph.recording().executable, state_->stream), "run a graph");
}

}  // namespace gendemod::cuda
