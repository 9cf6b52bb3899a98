#pragma once

#include <algorithm>
#include <atomic>
#include <exception>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "gendemod/types.hpp"

/// The only file that knows OpenMP. Without it everything runs on the calling thread.
namespace gendemod {

inline constexpr bool has_openmp =
#ifdef _OPENMP
    true;
#else
    false;
#endif

/// Number of threads for a request: 0 = what OpenMP would use (environment, affinity).
inline int resolve_threads(int threads) {
#ifdef _OPENMP
  return threads == 0 ? omp_get_max_threads() : threads;
#else
  static_cast<void>(threads);
  return 1;
#endif
}

/// Runs body(worker) once for each worker 0 .. workers-1, each on its own thread.
/// An exception stops no other worker; the first one is thrown again on the calling thread.
template <class Body>
void parallel_workers(int workers, Body body) {
  if (workers == 1) return body(0);
  std::exception_ptr error;
  std::atomic_flag taken = ATOMIC_FLAG_INIT;
  const auto guarded = [&](int worker) {
    try {
      body(worker);
    } catch (...) {
      if (!taken.test_and_set()) error = std::current_exception();
    }
  };
#ifdef _OPENMP
#pragma omp parallel for num_threads(workers) schedule(static, 1)
#endif
  for (int worker = 0; worker < workers; ++worker) guarded(worker);
  if (error) std::rethrow_exception(error);
}

/// Runs body(workspace, i) for i = 0 .. count-1 in any order; make() builds a thread's workspace,
/// and every i writes its own slot.
template <class Make, class Body>
void parallel_for_with(Index count, int threads, Make make, Body body) {
  const int workers = static_cast<int>(std::min<Index>(resolve_threads(threads), count));
  std::atomic<Index> next{0};
  parallel_workers(workers, [&](int) {
    auto workspace = make();
    for (Index i = next++; i < count; i = next++) body(workspace, i);
  });
}

/// The same without a workspace.
template <class Body>
void parallel_for(Index count, int threads, Body body) {
  parallel_for_with(count, threads, [] { return 0; }, [&](int, Index i) { body(i); });
}

}  // namespace gendemod
