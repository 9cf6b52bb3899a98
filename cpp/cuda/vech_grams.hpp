#pragma once

#include "micro_tile.hpp"
#include "padded_rows.hpp"

namespace gendemod::cuda {

/// Masked Gram sums of few columns, for all pairs at once: the product of the masks, (pairs, ell),
/// with the rows vech(w_i w_i^T), (ell, n (n + 1) / 2), which are made where they are needed. One
/// block `side` pairs, `side` entries of the sums and a segment of rows; the sums of segments are
/// added up by CollectGrams. n (n + 1) flops a row and pair.
template <class T>
struct VechGrams {
  static constexpr int side = 64, threads = side;

  static constexpr int segment = 1024;  // rows
  static constexpr int chunk = 8;       // rows at a time
  static constexpr int groups = side / micro;
  struct Shared {
    Panel<T, chunk, side> weights[2], products[2];
  };
  struct Fetched {
    T weights[chunk], products[chunk];
  };
  struct Entry {
    int i, j;
  };

  PaddedRows<T> W;
  const Word* masks;  // (pairs, W.words())
  const T* roots;     // (pairs, W.padded_rows()): sqrt of what a row counts for; null: 1
  Index pairs;
  T* parts_out;  // (segments(), pairs, entries())

  GENDEMOD_BOTH Index entries() const { return W.cols * (W.cols + 1) / 2; }
  GENDEMOD_BOTH Index segments() const { return segments(W); }
  GENDEMOD_BOTH static Index segments(const PaddedRows<T>& rows) {
    return (rows.padded_rows() + segment - 1) / segment;
  }
  GENDEMOD_BOTH Index entry_tiles() const { return (entries() + side - 1) / side; }
  Index blocks() const { return (pairs + side - 1) / side * entry_tiles() * segments(); }

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index part = block.index() / entry_tiles() % segments();
    const Index first = block.index() / entry_tiles() / segments() * side;
    const Index column = block.index() % entry_tiles() * side;
    const Index end =
        (part + 1) * segment < W.padded_rows() ? (part + 1) * segment : W.padded_rows();
    PerThread<MicroTile<T>, threads> tile;
    PerThread<Entry, threads> entry;
    block.each([&](int t) {
      entry[t] = entry_of(column + t);
      Fetched fetched;
      fetch(first + t, entry[t], part * segment, fetched);
      put(fetched, t, shared, 0);
    });
    for (Index row = part * segment; row < end; row += chunk) {
      const int now = static_cast<int>(row / chunk % 2);
      const bool more = row + chunk < end;
      block.each([&](int t) {
        Fetched fetched;
        if (more) fetch(first + t, entry[t], row + chunk, fetched);
        tile[t].add(shared.weights[now], t / groups, shared.products[now], t % groups);
        if (more) put(fetched, t, shared, 1 - now);
      });
    }
    block.each([&](int t) {
      store(tile[t], part, first + t / groups * micro, column + t % groups * micro);
    });
  }

 private:
  /// Entry c of vech: (0, 0), (1, 0), (1, 1), (2, 0), ...; (-1, 0) beyond the last.
  GENDEMOD_DEVICE Entry entry_of(Index c) const {
    if (c >= entries()) return {-1, 0};
    int i = 0;
    while ((i + 1) * (i + 2) / 2 <= c) ++i;
    return {i, static_cast<int>(c - i * (i + 1) / 2)};
  }
  GENDEMOD_DEVICE void fetch(Index pair, Entry entry, Index row, Fetched& out) const {
    const bool on = pair < pairs;
    const auto* bytes = reinterpret_cast<const unsigned char*>(masks + pair * W.words());
    const unsigned bits = on ? bytes[row / chunk] : 0;
    for (int k = 0; k < chunk; ++k) {
      const T root = on && roots != nullptr ? roots[pair * W.padded_rows() + row + k] : T(1);
      out.weights[k] = (bits >> k) & 1 ? root * root : T(0);
      const T* const w = W.row(row + k);
      out.products[k] = entry.i < 0 ? T(0) : w[entry.i] * w[entry.j];
    }
  }
  GENDEMOD_DEVICE static void put(const Fetched& fetched, int t, Shared& shared, int to) {
    for (int k = 0; k < chunk; ++k) {
      shared.weights[to].at(k, t) = fetched.weights[k];
      shared.products[to].at(k, t) = fetched.products[k];
    }
  }
  GENDEMOD_DEVICE void store(const MicroTile<T>& tile, Index part, Index pair, Index c) const {
    for (int i = 0; i < micro; ++i) {
      for (int j = 0; j < micro; ++j) {
        if (pair + i >= pairs || c + j >= entries()) continue;
        parts_out[(part * pairs + pair + i) * entries() + c + j] = tile.sums[i][j];
      }
    }
  }
};

/// The symmetric sums, (order, order), with zeros beyond n: those of segments, added up in order.
/// One block a pair.
template <class T>
struct CollectGrams {
  static constexpr int threads = 256;
  struct Shared {};
  const T* parts;  // (segments, pairs, entries)
  Index segments, pairs, cols, order;
  double* out;  // (pairs, order, order)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    const Index entries = cols * (cols + 1) / 2;
    block.each([&](int t) {
      for (Index at = t; at < order * order; at += threads) {
        const Index a = at / order, b = at % order, i = a > b ? a : b, j = a > b ? b : a;
        double sum = 0;
        for (Index part = 0; i < cols && part < segments; ++part) {
          sum += parts[(part * pairs + block.index()) * entries + i * (i + 1) / 2 + j];
        }
        out[block.index() * order * order + at] = sum;
      }
    });
  }
};

}  // namespace gendemod::cuda
