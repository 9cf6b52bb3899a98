#pragma once

#include <pthread.h>

#include <functional>
#include <thread>

namespace gendemod::cuda {

/// Where so many threads wait for each other.
class Barrier {
 public:
  explicit Barrier(int threads) {
    pthread_barrier_init(&barrier_, nullptr, static_cast<unsigned>(threads));
  }
  ~Barrier() { pthread_barrier_destroy(&barrier_); }
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;
  void wait() { pthread_barrier_wait(&barrier_); }

 private:
  pthread_barrier_t barrier_;
};

/// Threads of the host that do a task together, and wait for the next one until the process ends.
class Crew {
 public:
  explicit Crew(int size) : start_(size + 1), end_(size + 1) {
    for (int member = 0; member < size; ++member) {
      std::thread([this, member] {
        while (true) {
          start_.wait();
          (*task_)(member);
          end_.wait();
        }
      }).detach();
    }
  }
  void run(const std::function<void(int)>& task) {
    task_ = &task;
    start_.wait();
    end_.wait();
  }

 private:
  Barrier start_, end_;
  const std::function<void(int)>* task_ = nullptr;
};

}  // namespace gendemod::cuda
