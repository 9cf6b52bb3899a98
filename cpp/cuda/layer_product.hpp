#pragma once

#include "relu.hpp"
#include "tiles.hpp"

namespace gendemod::cuda {

/// out = W[:, units] z[units], or its relu: a layer at many vectors, each with its list of units.
/// One block a problem and tile. A row's sum runs over the units in order. Reads 512 contiguous
/// numbers of each column that is on: rows |units| numbers a problem.
template <class T>
struct LayerProduct {
  static constexpr int threads = 128;
  static constexpr int chunk = 512;  // columns whose factors are shared at a time
  static constexpr int packs = tile_rows / (threads * Pack<T>::size);
  struct Shared {
    int columns[chunk];
    T factors[chunk];
  };
  struct Sums {
    T values[packs * Pack<T>::size];
  };

  Tiles<const T> W;
  const T* z;  // (problems, z_stride)
  Index z_stride;
  const int* units;   // (problems, W.cols), or null: all columns
  const int* counts;  // (problems,)
  bool rectify;
  T* out;                       // (problems, W.padded_rows())
  const int* active = nullptr;  // (problems,): what is 0 there is left alone; null: all

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index() / W.count(), tile = block.index() % W.count();
    if (active != nullptr && active[problem] == 0) return;
    const Index count = units == nullptr ? W.cols : counts[problem];
    PerThread<Sums, threads> sums;
    for (Index first = 0; first < count; first += chunk) {
      const int size = static_cast<int>(count - first < chunk ? count - first : chunk);
      block.each([&](int t) {
        for (int k = t; k < size; k += threads) {
          const Index column = units == nullptr ? first + k : units[problem * W.cols + first + k];
          shared.columns[k] = static_cast<int>(column);
          shared.factors[k] = z[problem * z_stride + column];
        }
      });
      block.each([&](int t) { add(shared, size, tile, t, sums[t]); });
    }
    block.each([&](int t) { store(problem, tile, t, sums[t]); });
  }

 private:
  GENDEMOD_DEVICE void add(const Shared& shared, int size, Index tile, int t, Sums& sums) const {
    for (int k = 0; k < size; ++k) {
      const T* column = W.column(tile, shared.columns[k]);
      for (int i = 0; i < packs; ++i) {
        const auto pack = *reinterpret_cast<const Pack<T>*>(column + place(i, t));
        for (int j = 0; j < Pack<T>::size; ++j) {
          sums.values[i * Pack<T>::size + j] += pack.values[j] * shared.factors[k];
        }
      }
    }
  }
  GENDEMOD_DEVICE void store(Index problem, Index tile, int t, const Sums& sums) const {
    for (int i = 0; i < packs; ++i) {
      const int left = W.rows_of(tile) - place(i, t);
      Pack<T> pack;
      for (int j = 0; j < Pack<T>::size; ++j) {
        const T sum = sums.values[i * Pack<T>::size + j];
        // Beyond the last row there are zeros, times inf perhaps.
        pack.values[j] = j >= left ? T(0) : rectify ? relu(sum) : sum;
      }
      *reinterpret_cast<Pack<T>*>(out + problem * W.padded_rows() + tile * tile_rows +
                                  place(i, t)) = pack;
    }
  }
  /// The first row of a thread's pack i within a tile.
  GENDEMOD_DEVICE static int place(int i, int t) { return (i * threads + t) * Pack<T>::size; }
};

}  // namespace gendemod::cuda
