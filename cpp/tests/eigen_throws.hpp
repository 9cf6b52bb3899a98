#pragma once

#include <stdexcept>

/// Included before everything else by the build of the allocation test: Eigen's assertions, its
/// malloc switch among them, throw whether or not NDEBUG is set.
#define EIGEN_RUNTIME_NO_MALLOC
#define eigen_assert(condition)                           \
  do {                                                    \
    if (!(condition)) throw std::logic_error(#condition); \
  } while (false)
