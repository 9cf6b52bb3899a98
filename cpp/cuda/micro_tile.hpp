#pragma once

#include "block.hpp"

namespace gendemod::cuda {

/// A thread sums micro by micro products of two rows of numbers at a time.
inline constexpr int micro = 8;

/// Rows of `side` numbers in shared memory, in groups of `micro`. The packs of a group lie apart:
/// threads that read neighbouring groups read neighbouring packs.
template <class T, int rows, int side>
struct Panel {
  static constexpr int parts = micro / Pack<T>::size, groups = side / micro;
  Pack<T> values[rows][parts][groups];

  /// Pack `index` of a row: numbers index * Pack<T>::size and on.
  GENDEMOD_DEVICE Pack<T>& pack(int row, int index) {
    return values[row][index % parts][index / parts];
  }
  GENDEMOD_DEVICE T& at(int row, int col) {
    return pack(row, col / Pack<T>::size).values[col % Pack<T>::size];
  }
};

/// Sums over the rows k of two panels: sums[i][j] = sum_k a(k, micro g + i) b(k, micro h + j).
template <class T>
struct MicroTile {
  T sums[micro][micro];

  template <int rows, int side>
  GENDEMOD_DEVICE void add(const Panel<T, rows, side>& a, int g, const Panel<T, rows, side>& b,
                           int h) {
    constexpr int size = Pack<T>::size;
    GENDEMOD_UNROLL(1)
    for (int k = 0; k < rows; ++k) {
      Pack<T> x[micro / size], y[micro / size];
      for (int i = 0; i < micro / size; ++i) x[i] = a.values[k][i][g];
      for (int j = 0; j < micro / size; ++j) y[j] = b.values[k][j][h];
      for (int i = 0; i < micro; ++i) {
        for (int j = 0; j < micro; ++j) {
          sums[i][j] += x[i / size].values[i % size] * y[j / size].values[j % size];
        }
      }
    }
  }
};

}  // namespace gendemod::cuda
