#pragma once

#include "launch.hpp"
#include "row_masks.hpp"
#include "row_products.hpp"

namespace gendemod::cuda {

/// Some rows of directions, or the one that goes with all, and their products with a matrix: masks,
/// and where asked for, all.
template <class T>
class Directions {
 public:
  Directions(Queue& queue, const PaddedRows<T>& rows, const HostRows<T>& all, Index first,
             Index count, bool with_values)
      : numbers_(queue, all, all.rows == 1 ? 0 : first, all.rows == 1 ? 1 : count),
        masks_(static_cast<std::size_t>(view().padded_rows() * rows.words())),
        values_(with_values ? static_cast<std::size_t>(view().padded_rows() * rows.padded_rows())
                            : 0) {
    const RowProducts<T> products{rows, view(), masks_.data(), values_.data()};
    launch(queue, products.blocks(), products);
  }
  PaddedRows<T> view() const { return numbers_.view(); }
  Masks masks() const { return {masks_.data(), view().rows}; }
  const T* values() const { return values_.data(); }

  /// Memory for a direction.
  static Index bytes(const PaddedRows<T>& rows, bool with_values) {
    return rows.width * Index(sizeof(T)) + 8 * rows.words() +
           (with_values ? rows.padded_rows() * Index(sizeof(T)) : 0);
  }

 private:
  OwnedRows<T> numbers_;
  Array<Word> masks_;
  Array<T> values_;
};

}  // namespace gendemod::cuda
