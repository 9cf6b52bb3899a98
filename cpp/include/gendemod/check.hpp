#pragma once

#include <stdexcept>
#include <string>

#include "gendemod/types.hpp"

namespace gendemod {

/// Throws unless a size is what memory safety needs; the Python door gives the friendlier message.
inline void check_size(const char* name, Index got, Index expected) {
  if (got != expected) {
    throw std::invalid_argument(std::string("`") + name + "` must have size " +
                                std::to_string(expected) + "; got " + std::to_string(got));
  }
}

}  // namespace gendemod
