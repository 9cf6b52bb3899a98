#pragma once

#include "device.hpp"
#include "terms.hpp"

namespace gendemod::cuda {

/// Observations and the objective (2) of the paper, as kernels see them:
///
///   f(h, m) = 1/2 sum_i v_i (w_i x_i - y_i)^2,   w = G1(h), x = G2(m).
///
/// Several problems may have the same observation. Rows beyond ell are 0 in y, w and x.
template <class T>
struct ProductModel {
  const T* y;              // (observations, stride)
  const T* v;              // (observations or 1, stride), or null: 1
  Index v_stride;          // 0: one for all
  Index ell, stride;       // stride: ell in whole tiles
  const int* observation;  // (problems,)

  GENDEMOD_BOTH Index tiles() const { return stride / tile_rows; }
  GENDEMOD_DEVICE T observed(Index problem, Index row) const {
    return y[observation[problem] * stride + row];
  }
  GENDEMOD_DEVICE T weight(Index problem, Index row) const {
    return v == nullptr ? T(1) : v[observation[problem] * v_stride + row];
  }
  /// v (w x - y)^2.
  GENDEMOD_DEVICE double square(Index problem, Index row, T w, T x) const {
    const double r = static_cast<double>(w * x - observed(problem, row));
    return static_cast<double>(weight(problem, row)) * (r * r);
  }
  /// v (w x - y): times x it is what Lambda^T pulls back to the gradient in h, times w in m.
  GENDEMOD_DEVICE T residual(Index problem, Index row, T w, T x) const {
    return weight(problem, row) * (w * x - observed(problem, row));
  }
};

/// The rows of y and v on the device, in whole tiles.
template <class T>
class Observations {
 public:
  /// y (count, ell) and v (v_count, ell) on the host, v_count 0, 1 or count.
  Observations(Queue& queue, const T* y, Index count, const T* v, Index v_count, Index ell);
  /// The model of problems that observe these rows; `observation` is on the device.
  ProductModel<T> model(const int* observation) const;

  /// What is known of an observation before any latent.
  struct Sight {
    double at_zero;  // f at w * x = 0
    double signals;  // positive entries with a weight: without one, w * x = 0 fits best
  };
  /// Of all observations.
  std::vector<Sight> sights(Queue& queue) const;

 private:
  Array<T> y_, v_;
  Index ell_, count_, v_count_;
};

/// f of many problems.
template <class T>
class Objective {
 public:
  Objective(Queue& queue, const ProductModel<T>& model, Index problems);
  /// out (problems,); outputs w and x are (problems, stride), or null: 0.
  void measure(const T* w, const T* x, const int* active, double* out);

 private:
  Queue* queue_;
  ProductModel<T> model_;
  Index problems_;
  Array<double> parts_;  // (problems, 2, tiles)
};

/// One of the products of the two gradients: r * x for h, r * w for m.
template <class T>
struct GradientSeed {
  ProductModel<T> model;
  const T *w, *x, *other;  // (problems, stride)
  GENDEMOD_DEVICE T operator()(Index problem, Index row) const {
    const Index i = problem * model.stride + row;
    return model.residual(problem, row, w[i], x[i]) * other[i];
  }
};

/// Threads of a block that sums over the rows of a tile.
inline constexpr int sum_threads = tile_threads;

/// What one row adds to 2 f, and to the number of w x that are not 0, given the output of the
/// factor that moves.
template <class T>
struct SquareTerm {
  static constexpr int count = 2;
  ProductModel<T> model;
  const T* fixed;  // (problems, stride): the output of the other factor, or null: 0
  GENDEMOD_DEVICE void operator()(Index problem, Index row, T moving, double* sums) const {
    const T other = fixed == nullptr ? T(0) : fixed[problem * model.stride + row];
    sums[0] += model.square(problem, row, moving, other);
    sums[1] += moving * other != T(0) ? 1.0 : 0.0;
  }
};

/// What one row adds to sum v (other d)^2, the second derivative of f along a change d of one
/// output, and to sum v y other d.
template <class T>
struct CurvatureTerm {
  static constexpr int count = 2;
  ProductModel<T> model;
  const T* other;  // (problems, stride)
  GENDEMOD_DEVICE void operator()(Index problem, Index row, T d, double* sums) const {
    const double change =
        static_cast<double>(other[problem * model.stride + row]) * static_cast<double>(d);
    const double v = static_cast<double>(model.weight(problem, row));
    sums[0] += v * (change * change);
    sums[1] += v * static_cast<double>(model.observed(problem, row)) * change;
  }
};

/// Parts of the sums of a term over rows that lie ready: one block a problem and tile.
template <class T, class Term>
struct SumTerm {
  static constexpr int threads = sum_threads;
  using Shared = TermSums<Term>;
  const int* active;
  Index stride;
  const T* values;  // (problems, stride), or null: 0
  Term term;
  double* parts;  // (problems, count, tiles)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index tiles = stride / tile_rows;
    const Index problem = block.index() / tiles, tile = block.index() % tiles;
    if (active[problem] == 0) return;
    PerThread<ThreadRows<T>, threads> rows;
    if (values != nullptr) {
      block.each([&](int t) {
        const T* const first = values + problem * stride + tile * tile_rows;
        for (int i = 0; i < thread_packs<T>; ++i) {
          rows[t].packs[i] = *reinterpret_cast<const Pack<T>*>(first + pack_row<T>(i, t));
        }
      });
    }
    sum_term<T>(block, shared, problem, tile, tiles, rows, term, parts);
  }
};

/// Parts of 2 f and of the number of w x that are not 0: one block a problem and tile.
template <class T>
struct Squares {
  static constexpr int threads = sum_threads;
  using Shared = BlockSums<threads, 2>;
  const int* active;
  ProductModel<T> model;
  const T *w, *x;  // (problems, stride), or null: 0
  double* parts;   // (problems, 2, tiles)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    SumTerm<T, SquareTerm<T>>{active, model.stride, w, {model, x}, parts}(block, shared);
  }
};

}  // namespace gendemod::cuda
