#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/// The only door to the CUDA runtime. In a host build (GENDEMOD_CUDA=HOST, RACES) the device is a
/// piece of this process's memory, on which the same kernel bodies run one after the other.
namespace gendemod::cuda {

/// A call to the device failed.
struct DeviceError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// More memory was asked for than is free.
struct OutOfMemory : DeviceError {
  OutOfMemory(std::size_t needed_bytes, std::size_t free_bytes);
};

struct DeviceInfo {
  std::string name;
  std::string driver;  // the version that it supports
  int compute_capability;
  std::size_t total_bytes, free_bytes;
};

/// Why no device can be used; empty if one can.
std::string why_no_device();
/// What the device is: the first of those that CUDA_VISIBLE_DEVICES shows. Throws DeviceError
/// without one.
DeviceInfo device_info();

std::size_t free_bytes();
/// Throws OutOfMemory unless so many bytes are free.
void require(std::size_t bytes);
/// How many of `count` things, of `bytes_each`, to work on at a time: what the free memory holds.
/// Throws OutOfMemory if it holds none.
long long group_size(std::size_t bytes_each, long long count);

/// Work that was recorded, and runs again at the price of one launch.
class Graph {
 public:
  struct Recording;
  explicit Graph(std::shared_ptr<Recording> recording) : recording_(std::move(recording)) {}
  Recording& recording() const { return *recording_; }

 private:
  std::shared_ptr<Recording> recording_;
};

/// Work in order. Launches return at once; wait() returns when all is done, and throws what failed.
class Queue {
 public:
  Queue();
  ~Queue();
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  void wait();
  void fill(void* device, int byte, std::size_t bytes);
  void upload(const void* host, void* device, std::size_t bytes);
  /// Waits for what was queued before.
  void download(const void* device, void* host, std::size_t bytes);
  void copy(const void* from, void* to, std::size_t bytes);
  /// Rows of so many bytes, which follow each other on the host and begin a stride apart on the
  /// device.
  void upload_rows(const void* host, std::size_t bytes, std::size_t count, void* device,
                   std::size_t stride);
  /// Waits for what was queued before.
  void download_rows(const void* device, std::size_t stride, std::size_t count, void* host,
                     std::size_t bytes);

  /// Records what `work` launches on this queue, which does not run.
  Graph record(const std::function<void()>& work);
  void run(const Graph& graph);

  /// What launch() needs: the stream; in a host build, what runs a kernel or records it.
  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Bytes on the device, filled with 0xFF (NaN) in a host build.
void* allocate(std::size_t bytes);
void release(void* device) noexcept;

/// Numbers on the device.
template <class T>
class Array {
 public:
  Array() = default;
  explicit Array(std::size_t size)
      : data_(static_cast<T*>(size > 0 ? allocate(size * sizeof(T)) : nullptr), release),
        size_(size) {}

  T* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  void upload(Queue& queue, const T* host) { queue.upload(host, data(), size_ * sizeof(T)); }
  void download(Queue& queue, T* host) const { queue.download(data(), host, size_ * sizeof(T)); }
  void zero(Queue& queue) { queue.fill(data(), 0, size_ * sizeof(T)); }

 private:
  std::unique_ptr<T, void (*)(void*) noexcept> data_{nullptr, release};
  std::size_t size_ = 0;
};

}  // namespace gendemod::cuda
