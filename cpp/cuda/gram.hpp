#pragma once

#include <cmath>

#include "gram_shape.hpp"
#include "product_model.hpp"

namespace gendemod::cuda {

/// Where many problems stand, and their Jacobians: with c > 0 of a problem moved to (h / c, c m),
///
///   [J | r] = sqrt(v) [c x 1{w > 0} P_h, (w / c) 1{x > 0} P_m, w x - y],   w = G1(h), x = G2(m).
template <class T>
struct Linearisation {
  ProductModel<T> model;
  Tiles<const T> P_h, P_m;       // of the first problem
  Index P_h_stride, P_m_stride;  // from problem to problem; 0: one for all
  const T *w, *x;                // (problems, stride)
  const double* c;               // (problems,)
};

/// Parts of the Gram matrices [J | r]^T [J | r] in float64, each the sum over a group of tiles.
/// One block a problem, group and share of the entries.
///
/// Some rows of [J | r] at a time lie in shared memory. A thread multiplies 4 of their columns by 4
/// others; where the matrix is small, threads beside each other take rows in turn. ell cols^2 flops
/// and one pass over the pieces for every 1000 entries or so.
template <class T>
struct GramParts {
  static constexpr int threads = GramShape::threads;
  static constexpr int lanes = Pack<T>::size;
  static constexpr int wide = 4;  // packs of a thread in flight
  struct Shared {
    double factor_h[GramShape::most_rows], factor_m[GramShape::most_rows];
    Pack<double> numbers[GramShape::storage / 2];  // rows of [J | r]; at the end, entries
  };
  /// A thread's square, -1 if it has none, and which rows it takes.
  struct Task {
    int square, slice;
    GramShape::Place place;
    double sums[GramShape::entries];
  };

  const int* active;  // (problems,)
  Linearisation<T> at;
  GramShape shape;
  double* parts;  // (problems, groups, entries, squares)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index tiles = at.P_h.count(), groups = shape.groups(tiles);
    const int share = static_cast<int>(block.index() % shape.shares);
    const Index group = block.index() / shape.shares % groups;
    const Index problem = block.index() / shape.shares / groups;
    if (active[problem] == 0) return;
    const Index first = group * GramShape::group_tiles(tiles) * tile_rows;
    const Index end = first + GramShape::group_tiles(tiles) * tile_rows;
    const Index last = end < at.P_h.padded_rows() ? end : at.P_h.padded_rows();
    PerThread<Task, threads> tasks;
    block.each([&](int t) { tasks[t] = task(share, t); });
    for (Index start = first; start < last; start += shape.rows) {
      block.each([&](int t) { set_factors(problem, start, t, shared); });
      block.each([&](int t) {
        stage(at.P_h, problem * at.P_h_stride, start, 0, shared.factor_h, t, shared);
        stage(at.P_m, problem * at.P_m_stride, start, at.P_h.cols, shared.factor_m, t, shared);
      });
      block.each([&](int t) { multiply(shared, tasks[t]); });
    }
    add_up(block, problem * groups + group, tasks, shared);
  }

 private:
  GENDEMOD_DEVICE static double* numbers(Shared& shared) { return shared.numbers[0].values; }

  /// What multiplies the rows of the pieces; the column r, and the columns beyond it.
  GENDEMOD_DEVICE void set_factors(Index problem, Index start, int t, Shared& shared) const {
    const int k = t;
    if (k >= shape.rows) return;
    const Index row = start + k, place = problem * at.model.stride + row;
    const double w = at.w[place], x = at.x[place], c = at.c[problem];
    const double root = std::sqrt(static_cast<double>(at.model.weight(problem, row)));
    shared.factor_h[k] = w > 0 ? root * (c * x) : 0.0;
    shared.factor_m[k] = x > 0 ? root * (w / c) : 0.0;
    double* const out = numbers(shared) + k * shape.stride;
    for (Index col = shape.cols; col < shape.stride; ++col) out[col] = 0;
    out[shape.cols - 1] = root * (w * x - static_cast<double>(at.model.observed(problem, row)));
  }

  /// Rows of diag(factor) P, in columns from `first_col` on. Threads beside each other take rows
  /// beside each other.
  GENDEMOD_DEVICE void stage(const Tiles<const T>& P, Index offset, Index start, Index first_col,
                             const double* factor, int t, Shared& shared) const {
    const int packs = shape.rows / lanes, step = threads / packs;
    const int k = t % packs * lanes;
    const T* const tile = P.column(start / tile_rows, 0) + offset + start % tile_rows + k;
    double* const out = numbers(shared) + k * shape.stride + first_col;
    for (Index col = t / packs; col < P.cols; col += wide * step) {
      Pack<T> loaded[wide];
      for (int i = 0; i < wide; ++i) {
        if (col + i * step >= P.cols) continue;
        loaded[i] = *reinterpret_cast<const Pack<T>*>(tile + (col + i * step) * tile_rows);
      }
      for (int i = 0; i < wide; ++i) {
        if (col + i * step >= P.cols) continue;
        for (int j = 0; j < lanes; ++j) {
          out[j * shape.stride + col + i * step] = factor[k + j] * loaded[i].values[j];
        }
      }
    }
  }

  GENDEMOD_DEVICE Task task(int share, int t) const {
    const int square = share * threads + t % shape.in_share, slice = t / shape.in_share;
    if (square >= shape.squares || slice >= shape.slices) return {-1, 0, {0, 0}, {}};
    return {square, slice, GramShape::place(square), {}};
  }

  /// Adds the products of a thread's columns over its rows.
  GENDEMOD_DEVICE void multiply(const Shared& shared, Task& task) const {
    constexpr int side = GramShape::side;
    if (task.square < 0) return;
    const int stride = shape.stride / 2;
    const Pack<double>* const a = shared.numbers + task.place.row / 2;
    const Pack<double>* const b = shared.numbers + task.place.col / 2;
    for (int k = task.slice; k < shape.rows; k += shape.slices) {
      Pack<double> left[side / 2], right[side / 2];
      for (int i = 0; i < side / 2; ++i) left[i] = a[k * stride + i];
      for (int i = 0; i < side / 2; ++i) right[i] = b[k * stride + i];
      for (int i = 0; i < side; ++i) {
        for (int j = 0; j < side; ++j) {
          task.sums[i * side + j] += left[i / 2].values[i % 2] * right[j / 2].values[j % 2];
        }
      }
    }
  }

  /// The sums of the slices, in order.
  template <class Block>
  GENDEMOD_DEVICE void add_up(const Block& block, Index part, PerThread<Task, threads>& tasks,
                              Shared& shared) const {
    double* const kept = numbers(shared);
    block.each([&](int t) {
      for (int e = 0; e < GramShape::entries; ++e) kept[e * threads + t] = tasks[t].sums[e];
    });
    block.each([&](int t) {
      if (tasks[t].square < 0 || tasks[t].slice > 0) return;
      for (int e = 0; e < GramShape::entries; ++e) {
        double total = 0;
        for (int slice = 0; slice < shape.slices; ++slice) {
          total += kept[e * threads + slice * shape.in_share + t];
        }
        parts[(part * GramShape::entries + e) * shape.squares + tasks[t].square] = total;
      }
    });
  }
};

/// The lower triangles of Gram matrices: the parts of the groups, added in order. Column-major,
/// (problems, cols, cols); what is above the diagonal is not written. One thread an entry.
struct GramSum {
  static constexpr int threads = 128;
  struct Shared {};
  const int* active;
  GramShape shape;
  Index groups;
  const double* parts;
  double* out;

  GENDEMOD_BOTH Index blocks_each() const { return (volume() + threads - 1) / threads; }
  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared&) const {
    const Index problem = block.index() / blocks_each();
    if (active[problem] == 0) return;
    block.each([&](int t) {
      const Index i = block.index() % blocks_each() * threads + t;
      if (i >= volume()) return;
      const GramShape::Place place = GramShape::place(static_cast<int>(i % shape.squares));
      const int e = static_cast<int>(i / shape.squares);
      const Index row = place.row + e / GramShape::side, col = place.col + e % GramShape::side;
      if (row >= shape.cols || col > row) return;
      double total = 0;
      for (Index g = 0; g < groups; ++g) total += parts[(problem * groups + g) * volume() + i];
      out[(problem * shape.cols + col) * shape.cols + row] = total;
    });
  }

 private:
  GENDEMOD_BOTH Index volume() const {
    return GramShape::entries * static_cast<Index>(shape.squares);
  }
};

}  // namespace gendemod::cuda
