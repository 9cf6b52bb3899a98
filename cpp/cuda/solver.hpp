#pragma once

#include "block.hpp"

namespace gendemod::cuda {

enum class Status : int {
  running = 0,
  converged = 1,
  stalled = 2,
  iteration_limit = 3,
  time_limit = 4,
  diverged = 5,
  hopeless = 6,
  kink = 7,
};

struct Stopping {
  Index max_iterations;
  double tolerance;
};

}  // namespace gendemod::cuda
