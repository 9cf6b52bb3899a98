#pragma once

#include "norm_state.hpp"
#include "symmetric_product.hpp"
#include "tridiagonal.hpp"

namespace gendemod::cuda {

/// A value that ||D|| reaches, up to rounding: the largest |eigenvalue| of T = tridiag(a, b) after
/// some steps of Lanczos, without orthogonalisation. Without it eigenvalues of T appear more than
/// once, but still lie near those of D. The work of one block.
template <int block_threads>
struct BlockLanczos {
  static constexpr int threads = block_threads;
  using Product = SymmetricProduct<threads>;
  using Tridiagonal = BlockTridiagonal<threads>;
  static constexpr int most_steps = Tridiagonal::most_steps;
  struct Shared {
    double part[threads];
    typename Product::Shared product;
    typename Tridiagonal::Shared T;
  };
  Index cols, order;

  /// Steps until the residual promises that the value is at most `slack` too small, or `limit` of
  /// them are done: the error is the square of the residual over the gap to the next eigenvalue,
  /// which is taken for a 16th of the norm. D (order, order), symmetric; vectors (3, order) is
  /// room. `negligible`: what rounding leaves of nothing.
  template <class Block>
  GENDEMOD_DEVICE double operator()(const Block& block, Shared& shared, const double* D,
                                    double* vectors, double slack, double negligible,
                                    int limit) const {
    begin(block, shared, vectors);
    int check = cols < 24 ? static_cast<int>(cols) : 24;
    double norm = 0;
    bool done = false;
    for (int k = 0; k < limit && !done; ++k) {
      step(block, shared, D, vectors, k);
      const bool invariant = shared.T.b[k] <= negligible;
      if (k + 1 < check && k + 1 < limit && !invariant) continue;
      check = k + 2 + (k + 1) / 4;
      Tridiagonal::find(block, shared.T, k + 1);
      norm = shared.T.norm();
      const double gap = (norm > slack ? norm : slack) / 16;
      done = invariant || shared.T.residual_square <= slack * gap;
    }
    return norm > 0 ? norm : 0;
  }

 private:
  /// A fixed start with a share of every direction.
  template <class Block>
  GENDEMOD_DEVICE void begin(const Block& block, Shared& shared, double* v) const {
    block.each([&](int t) {
      double square = 0;
      for (Index i = t; i < cols; i += threads) {
        const unsigned hash = static_cast<unsigned>(i + 1) * 2654435761u;
        v[i] = 0.5 + hash * 0x1p-32;
        square += v[i] * v[i];
      }
      shared.part[t] = square;
    });
    add_up(block, shared.part);
    const double length = std::sqrt(shared.part[0]);
    block.each([&](int t) {
      for (Index i = t; i < cols; i += threads) v[i] /= length;
    });
  }
  /// v, the vector before it, and the next one stand at (k, k - 1, k + 1) mod 3.
  template <class Block>
  GENDEMOD_DEVICE void step(const Block& block, Shared& shared, const double* D, double* vectors3,
                            int k) const {
    double* const v = vectors3 + k % 3 * order;
    double* const next = vectors3 + (k + 1) % 3 * order;
    const double* const before = vectors3 + (k + 2) % 3 * order;
    Product{cols, order}(block, shared.product, D, v, next);
    block.each([&](int t) {
      const double coupling = k > 0 ? shared.T.b[k - 1] : 0;
      double dot = 0;
      for (Index i = t; i < cols; i += threads) {
        if (k > 0) next[i] -= coupling * before[i];
        dot += next[i] * v[i];
      }
      shared.part[t] = dot;
    });
    add_up(block, shared.part);
    const double a = shared.part[0];
    block.each([&](int) {});  // all have read
    block.each([&](int t) {
      double square = 0;
      for (Index i = t; i < cols; i += threads) {
        next[i] -= a * v[i];
        square += next[i] * next[i];
      }
      shared.part[t] = square;
    });
    add_up(block, shared.part);
    const double b = std::sqrt(shared.part[0]), inverse = b > 0 ? 1 / b : 0;
    block.each([&](int t) {
      if (t == 0) {
        shared.T.a[k] = a;
        shared.T.b[k] = b;
      }
      for (Index i = t; i < cols; i += threads) next[i] *= inverse;
    });
  }
};

/// A first guess at norms, from inside the spectrum. One block a matrix.
template <int block_threads>
struct GuessNorms {
  static constexpr int threads = block_threads;
  using Lanczos = BlockLanczos<threads>;
  using Shared = typename Lanczos::Shared;
  const double* matrices;  // (count, order, order)
  Index cols, order;
  double* vectors;  // (count, 3, order)
  NormState* states;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    NormState& state = states[block.index()];
    if (!state.open) return;
    const double value =
        Lanczos{cols, order}(block, shared, matrices + block.index() * order * order,
                             vectors + block.index() * 3 * order, state.slack,
                             rounding_of(cols, state.most), Lanczos::most_steps);
    block.each([&](int t) {
      if (t > 0) return;
      state.value = value;
      state.trial = value + state.slack;
    });
  }
};

}  // namespace gendemod::cuda
