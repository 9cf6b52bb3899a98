// The device of a host build: this process's memory, as much of it as a small test needs.

#include <atomic>
#include <cstring>
#include <map>
#include <mutex>

#include "launch.hpp"

namespace gendemod::cuda {
namespace {

constexpr std::size_t total_bytes = std::size_t(1) << 28;

std::mutex mutex;
std::map<void*, std::size_t> allocated;

std::size_t unused_bytes() {
  std::size_t used = 0;
  for (const auto& [_, bytes] : allocated) used += bytes;
  return total_bytes - used;
}

}  // namespace

struct Graph::Recording {
  std::vector<std::function<void()>> work;
};

std::string why_no_device() {
  return "";
}

DeviceInfo device_info() {
  return {"host (for tests)", "none", 0, total_bytes, free_bytes()};
}

std::size_t free_bytes() {
  const std::lock_guard lock(mutex);
  return unused_bytes();
}

void* allocate(std::size_t bytes) {
  const std::lock_guard lock(mutex);
  if (bytes > unused_bytes()) throw OutOfMemory(bytes, unused_bytes());
  void* memory = ::operator new(bytes, std::align_val_t(256));
  std::memset(memory, 0xFF, bytes);
  allocated[memory] = bytes;
  return memory;
}

void release(void* device) noexcept {
  if (device == nullptr) return;
  const std::lock_guard lock(mutex);
  allocated.erase(device);
  ::operator delete(device, std::align_val_t(256));
}

Queue::Queue() : state_(std::make_unique<State>()) {
}
Queue::~Queue() = default;
void Queue::wait() {
}

void Queue::fill(void* device, int byte, std::size_t bytes) {
  state_->run([=] { std::memset(device, byte, bytes); });
}

void Queue::upload(const void* host, void* device, std::size_t bytes) {
  copy(host, device, bytes);
}

void Queue::download(const void* device, void* host, std::size_t bytes) {
  copy(device, host, bytes);
}

void Queue::copy(const void* from, void* to, std::size_t bytes) {
  state_->run([=] { std::memcpy(to, from, bytes); });
}

void Queue::upload_rows(const void* host, std::size_t bytes, std::size_t count, void* device,
                        std::size_t stride) {
  for (std::size_t i = 0; i < count; ++i) {
    copy(static_cast<const char*>(host) + i * bytes, static_cast<char*>(device) + i * stride,
         bytes);
  }
}

void Queue::download_rows(const void* device, std::size_t stride, std::size_t count, void* host,
                          std::size_t bytes) {
  for (std::size_t i = 0; i < count; ++i) {
    copy(static_cast<const char*>(device) + i * stride, static_cast<char*>(host) + i * bytes,
         bytes);
  }
}

Graph Queue::record(const std::function<void()>& work) {
  auto recording = std::make_shared<Graph::Recording>();
  state_->recording = &recording->work;
  try {
    work();
  } catch (...) {
    state_->recording = nullptr;
    throw;
  }
  state_->recording = nullptr;
  return Graph(std::move(recording));
}

void Queue::run(const Graph& graph) {
  for (const auto& work : graph.recording().work) work();
}

}  // namespace gendemod::cuda
