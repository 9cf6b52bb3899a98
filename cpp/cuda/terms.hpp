#pragma once

#include <type_traits>

#include "block_sum.hpp"
#include "tiles.hpp"

/// Sums over rows that are taken where the rows are made: a Term is a struct of plain data with
///
///   static constexpr int count = 2;
///   GENDEMOD_DEVICE void operator()(Index problem, Index row, T value, double* sums) const;
///
/// which adds to `count` numbers.
namespace gendemod::cuda {

/// The term of what needs no sums.
struct NoTerm {
  static constexpr int count = 0;
};

struct NoSums {};

/// What the threads of a block share for it.
template <class Term>
using TermSums = std::conditional_t<Term::count == 0, NoSums, BlockSums<tile_threads, Term::count>>;

/// parts (problems, count, tiles) of a tile of values, which thread t holds as values[t].
template <class T, class Block, class Values, class Term>
GENDEMOD_DEVICE void sum_term(const Block& block, TermSums<Term>& shared, Index problem, Index tile,
                              Index tiles, Values& values, const Term& term, double* parts) {
  if constexpr (Term::count > 0) {
    block_sums(block, shared, [&](int t, double* numbers) {
      for (int k = 0; k < Term::count; ++k) numbers[k] = 0;
      for (int i = 0; i < thread_packs<T>; ++i) {
        for (int j = 0; j < Pack<T>::size; ++j) {
          const Index row = tile * tile_rows + pack_row<T>(i, t) + j;
          term(problem, row, values[t].packs[i].values[j], numbers);
        }
      }
    });
    block.each([&](int t) {
      if (t < Term::count) {
        parts[(problem * Term::count + t) * tiles + tile] = shared.totals[t];
      }
    });
  }
}

}  // namespace gendemod::cuda
