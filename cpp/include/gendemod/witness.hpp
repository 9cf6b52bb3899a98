#pragma once

#include "gendemod/types.hpp"

namespace gendemod {

/// A deviation, and directions that come close to it or give it.
struct Witness {
  double value;
  Eigen::VectorXd x, y;
};

}  // namespace gendemod
