#pragma once

#include <cmath>

#include "block.hpp"

namespace gendemod::cuda {

/// Damped least squares from Gram matrices: with G = J^T J, g = J^T r and the mean square s of the
/// columns of J, the step d of TallQR where one more row of J asks for b^T d = 0 (G b = 0):
///
///   (G + s b b^T / ||b||^2 + s (1 + 1 / cols) damping I) d = -g
///
/// TallQR reflects J itself. This is Cholesky's factorisation of the normal equations, which square
/// the condition of J: directions that J shortens 1e7 times more than others are lost. That slows
/// iterations down, but moves nothing that they converge to: g is as exact as there.
///
/// One block a problem. Columns are worked on in panels in shared memory: first what the finished
/// columns subtract, then a panel's own. g is one more row, in which the triangular system is
/// solved. A pivot that is not positive ends the work: the problem is reported, and needs more
/// damping.
struct DampedSolve {
  static constexpr int threads = 128;
  static constexpr int wide = 16;          // columns of a panel
  static constexpr int deep = 2;           // finished columns in flight
  static constexpr Index most_rows = 320;  // cols + 1
  struct Shared {
    double panel[wide][most_rows];
    double corner[wide][wide], rest[wide];  // of a panel in substitute()
    double part[threads];
    double trace, squares;  // of G, of b
    double damping, row;    // what is added to G: damping I + row b b^T
    double promised;
    int solved;
  };

  const int* active;  // (problems,)
  Index cols;
  const double* gram;   // of [J | r], (problems, cols + 1, cols + 1), its lower triangle by columns
  const double* along;  // b, (problems, cols)
  const double* damping;  // (problems,)
  double* factor;         // as gram
  double* step;           // d, (problems, cols)
  double* promised;       // (||r||^2 - ||J d + r||^2) / 2 with b's row in J, (problems,)
  int* solved;            // (problems,): 0 where a pivot was not positive; there step is 0

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index();
    if (active[problem] == 0) return;
    prepare(block, problem, shared);
    const bool zero = shared.trace == 0;  // J = 0: no step
    for (Index first = 0; first < cols && !zero && shared.solved == 1; first += wide) {
      const int size = static_cast<int>(cols - first < wide ? cols - first : wide);
      block.each([&](int t) { subtract(problem, first, size, t, shared); });
      for (int c = 0; c < size && shared.solved == 1; ++c) eliminate(block, first, size, c, shared);
      block.each([&](int t) { store(problem, first, size, t, shared); });
    }
    const bool steps = !zero && shared.solved == 1;
    if (steps) substitute(block, problem, shared);
    block.each([&](int t) { finish(problem, steps, t, shared); });
  }

 private:
  GENDEMOD_DEVICE Index at(Index problem, Index row, Index col) const {
    return (problem * (cols + 1) + col) * (cols + 1) + row;
  }
  /// sum of shared.part, in order.
  GENDEMOD_DEVICE static double total(const Shared& shared) {
    double sum = 0;
    for (int i = 0; i < threads; ++i) sum += shared.part[i];
    return sum;
  }
  /// total_out = the sum of term(i) for i < cols.
  template <class Block, class Term>
  GENDEMOD_DEVICE void sum(const Block& block, Shared& shared, double& total_out, Term term) const {
    block.each([&](int t) {
      double part = 0;
      for (Index i = t; i < cols; i += threads) part += term(i);
      shared.part[t] = part;
    });
    block.each([&](int t) {
      if (t == 0) total_out = total(shared);
    });
  }

  template <class Block>
  GENDEMOD_DEVICE void prepare(const Block& block, Index problem, Shared& shared) const {
    const double* const b = along + problem * cols;
    sum(block, shared, shared.trace, [&](Index i) { return gram[at(problem, i, i)]; });
    sum(block, shared, shared.squares, [&](Index i) { return b[i] * b[i]; });
    block.each([&](int t) {
      if (t > 0) return;
      const double scale = shared.trace / static_cast<double>(cols);
      shared.damping = damping[problem] * (scale + scale / static_cast<double>(cols));
      shared.row = shared.squares > 0 ? scale / shared.squares : 0.0;
      shared.promised = 0;
      shared.solved = 1;
    });
  }

  /// The panel before its own elimination: G + damping I + row b b^T less the finished columns'
  /// products. A thread takes whole rows.
  GENDEMOD_DEVICE void subtract(Index problem, Index first, int size, int t, Shared& shared) const {
    const double* const b = along + problem * cols;
    for (Index i = first + t; i <= cols; i += threads) {
      double row[wide];
      for (int c = 0; c < wide; ++c) {
        const Index j = first + c;
        row[c] = 0;
        if (c >= size || j > i) continue;
        row[c] = gram[at(problem, i, j)];
        if (i < cols) row[c] += shared.row * b[i] * b[j];
        if (i == j) row[c] += shared.damping;
      }
      for (Index k = 0; k < first; k += deep) {
        const double* const columns = factor + at(problem, 0, k);
        double own[deep];
        for (int d = 0; d < deep; ++d) own[d] = columns[d * (cols + 1) + i];
        for (int d = 0; d < deep; ++d) {
          for (int c = 0; c < wide; ++c) {
            if (c < size) row[c] -= own[d] * columns[d * (cols + 1) + first + c];
          }
        }
      }
      for (int c = 0; c < wide; ++c) shared.panel[c][i] = row[c];
    }
  }

  /// Divides column c of the panel by the root of its pivot, and subtracts its products from the
  /// later ones.
  template <class Block>
  GENDEMOD_DEVICE void eliminate(const Block& block, Index first, int size, int c,
                                 Shared& shared) const {
    double* const column = shared.panel[c];
    const Index j = first + c;
    block.each([&](int t) {
      const double root = std::sqrt(column[j]);
      for (Index i = j + 1 + t; i <= cols; i += threads) column[i] /= root;
    });
    block.each([&](int t) {
      if (t == 0) {
        if (column[j] > 0) {
          column[j] = std::sqrt(column[j]);
        } else {
          shared.solved = 0;
        }
      }
      for (Index i = j + 1 + t; i <= cols; i += threads) {
        for (int later = c + 1; later < size; ++later) {
          shared.panel[later][i] -= column[i] * column[first + later];
        }
      }
    });
  }

  GENDEMOD_DEVICE void store(Index problem, Index first, int size, int t,
                             const Shared& shared) const {
    for (int c = 0; c < size; ++c) {
      for (Index i = first + c + t; i <= cols; i += threads) {
        factor[at(problem, i, first + c)] = shared.panel[c][i];
      }
    }
  }

  /// L^T d = -z, z the last row of L, panel by panel from the last: first what the later
  /// coordinates subtract, then within.
  template <class Block>
  GENDEMOD_DEVICE void substitute(const Block& block, Index problem, Shared& shared) const {
    constexpr int share = threads / wide;  // threads of a column
    double* const d = step + problem * cols;
    for (Index first = (cols - 1) / wide * wide; first >= 0; first -= wide) {
      const int size = static_cast<int>(cols - first < wide ? cols - first : wide);
      block.each([&](int t) {
        const int c = t / share;
        double part = 0;
        if (c < size) {
          const double* const column = factor + at(problem, 0, first + c);
          for (Index i = first + size + t % share; i < cols; i += share) part += column[i] * d[i];
          for (int i = c + t % share; i < size; i += share) shared.corner[c][i] = column[first + i];
        }
        shared.part[t] = part;
      });
      block.each([&](int t) {
        if (t >= size) return;
        double rest = factor[at(problem, cols, first + t)];
        for (int i = 0; i < share; ++i) rest += shared.part[t * share + i];
        shared.rest[t] = rest;
      });
      for (int c = size - 1; c >= 0; --c) {
        block.each([&](int t) {
          if (t > c) return;
          const double now = -shared.rest[c] / shared.corner[c][c];
          if (t == c) {
            d[first + c] = now;
          } else {
            shared.rest[t] += shared.corner[t][c] * now;
          }
        });
      }
    }
    sum(block, shared, shared.promised, [&](Index i) {
      const double z = factor[at(problem, cols, i)];
      return 0.5 * (z * z + shared.damping * d[i] * d[i]);
    });
  }

  GENDEMOD_DEVICE void finish(Index problem, bool steps, int t, const Shared& shared) const {
    if (t == 0) {
      promised[problem] = shared.promised;
      solved[problem] = shared.solved;
    }
    if (steps) return;
    for (Index i = t; i < cols; i += threads) step[problem * cols + i] = 0;
  }
};

}  // namespace gendemod::cuda
