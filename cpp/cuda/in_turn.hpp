#pragma once

#include "block.hpp"

namespace gendemod::cuda {

/// Two kernels of one block a problem in one launch: the second reads what the first has written
/// of the same problem.
template <class First, class Second>
struct InTurn {
  static constexpr int threads = First::threads;
  static_assert(threads == Second::threads);
  union Shared {
    typename First::Shared first;
    typename Second::Shared second;
  };
  First first;
  Second second;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    first(block, shared.first);
    block.each([](int) {});  // all have read what the first shared
    second(block, shared.second);
  }
};

template <class First, class Second>
InTurn(First, Second) -> InTurn<First, Second>;

}  // namespace gendemod::cuda
