#pragma once

#include "micro_tile.hpp"
#include "padded_rows.hpp"

namespace gendemod::cuda {

/// w_i.z for all rows w_i and many directions z: which are > 0, and, where asked for, all of them.
/// One block a word of rows and `side` directions; 2 width flops a product, summed over the columns
/// in order.
template <class T>
struct RowProducts {
  static constexpr int side = word_rows, threads = side;
  static constexpr int chunk = 64 / sizeof(T);  // columns at a time
  static constexpr int packs = chunk / Pack<T>::size;
  static constexpr int groups = side / micro;
  struct Shared {
    Panel<T, chunk, side> rows[2], directions[2];
  };
  struct Fetched {
    Pack<T> row[packs], direction[packs];
  };

  PaddedRows<T> W, Z;
  Word* masks;  // (Z.padded_rows(), W.words()): bit b of word k is 1{w_{64 k + b}.z > 0}
  T* values;    // (Z.padded_rows(), W.padded_rows()), or null

  Index blocks() const { return W.words() * Z.words(); }

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index row = block.index() % W.words() * side, first = block.index() / W.words() * side;
    PerThread<MicroTile<T>, threads> tile;
    block.each([&](int t) {
      Fetched fetched;
      fetch(row + t, first + t, 0, fetched);
      put(fetched, t, shared, 0);
    });
    for (Index col = 0; col < W.width; col += chunk) {
      const int now = static_cast<int>(col / chunk % 2);
      const bool more = col + chunk < W.width;
      block.each([&](int t) {
        Fetched fetched;
        if (more) fetch(row + t, first + t, col + chunk, fetched);
        tile[t].add(shared.rows[now], t / groups, shared.directions[now], t % groups);
        if (more) put(fetched, t, shared, 1 - now);
      });
    }
    block.each(
        [&](int t) { store(tile[t], row + t / groups * micro, first + t % groups * micro); });
  }

 private:
  GENDEMOD_DEVICE void fetch(Index row, Index direction, Index col, Fetched& out) const {
    for (int k = 0; k < packs; ++k) {
      out.row[k] = reinterpret_cast<const Pack<T>*>(W.row(row) + col)[k];
      out.direction[k] = reinterpret_cast<const Pack<T>*>(Z.row(direction) + col)[k];
    }
  }
  GENDEMOD_DEVICE static void put(const Fetched& fetched, int t, Shared& shared, int to) {
    for (int k = 0; k < chunk; ++k) {
      shared.rows[to].at(k, t) = fetched.row[k / Pack<T>::size].values[k % Pack<T>::size];
      shared.directions[to].at(k, t) =
          fetched.direction[k / Pack<T>::size].values[k % Pack<T>::size];
    }
  }
  GENDEMOD_DEVICE void store(const MicroTile<T>& tile, Index row, Index direction) const {
    for (int j = 0; j < micro; ++j) {
      unsigned bits = 0;
      for (int i = 0; i < micro; ++i) bits |= unsigned(tile.sums[i][j] > T(0)) << i;
      auto* bytes = reinterpret_cast<unsigned char*>(masks + (direction + j) * W.words());
      bytes[row / micro] = static_cast<unsigned char>(bits);
      if (values == nullptr) continue;
      for (int i = 0; i < micro; ++i) {
        values[(direction + j) * W.padded_rows() + row + i] = tile.sums[i][j];
      }
    }
  }
};

}  // namespace gendemod::cuda
