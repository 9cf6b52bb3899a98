#pragma once

#include <array>
#include <vector>

#include "gendemod/parallel.hpp"
#include "gendemod/relu_network.hpp"
#include "gendemod/row_blocks.hpp"

namespace gendemod {

/// A network at a latent z that walks: the pieces P_i = W_i D_{i-1} W_{i-1} ... D_1 W_1 of all
/// layers, (n_i, n), before the mask D_i of their own layer. Layer i is P_i z before its mask, and
/// G(z) = relu(P_d z), Lambda = D_d P_d.
///
/// Crossing walls is a low-rank update. If the step flips the units F_i of layer i (S_i = +1 on,
/// -1 off), and P_i has changed by U_i V_i, then with the old masks D_i and the new P_i
///
///   P_{i+1} += (W_{i+1} D_i U_i) V_i + W_{i+1}[:, F_i] S_i P_i[F_i, :].
///
/// All flips of a step share one pass over W_{i+1}. A piece is rebuilt instead where that takes
/// fewer flops, once the flips since the last rebuild outnumber `refresh` times the units, and
/// where it has lost most of its norm since then (a heavy unit went off; some strips tell), so that
/// rounding errors stay within a few dozen units of the last place. All memory is allocated on
/// construction: that of the pieces and of their low-rank factors, about 2 n sum n_i numbers.
template <class T>
class LinearPiece {
 public:
  /// `threads` share the row blocks of the last layer; the results do not depend on it.
  explicit LinearPiece(const ReLUNetwork<T>& network, int threads = 1);

  /// Moves to z, (n,), as a new object would: all pieces are rebuilt.
  void jump(const Vector<T>& z);
  /// Moves to z, (n,), across the walls between.
  void move(const Vector<T>& z);
  /// Moves from -z to z. At depth 2 the units that are on are those that were off, and
  /// P_2 <- W_2 W_1 - P_2; otherwise as move(z).
  void negate(const Vector<T>& z);
  /// Moves from z to c z, c > 0, where every mask is the same.
  void scale(T c);

  /// G(z), (ell,).
  const Vector<T>& output() const { return output_; }

  /// out = Lambda dz; dz (n,), out (ell,). 2 ell n flops.
  void jacobian(const Vector<T>& dz, Vector<T>& out);
  /// out = Lambda^T r; out (n,). rows(start, size, r_out) writes the entries start .. start + size
  /// - 1 of r, block by block, where they stay in the first-level cache. 2 ell n flops, summed over
  /// blocks in float64.
  template <class Rows>
  void jacobian_transpose(Rows rows, Vector<T>& out) {
    for_each_block(layers_.size() - 1, [&](Index b, int) {
      alignas(64) std::array<T, RowBlocks<T>::height> r;
      rows(piece().start(b), piece().size(b), r.data());
      pull_back(b, r.data());
    });
    sum_blocks(out);
  }

  /// Brings the inner layers to -z, for negative_rows: from depth 3 on they have masks of their
  /// own.
  void prepare_negative();
  /// out = rows start .. start + size - 1 of G(-z), within one row block; z is where the piece
  /// stands. 2 size n flops at depth 1, 4 size n at depth 2, 2 size |on at -z| from depth 3 on.
  void negative_rows(const Vector<T>& z, Index start, Index size, T* out) const;

  /// Rows of Lambda, block by block: P_d, to be masked by output() > 0.
  const RowBlocks<T>& piece() const { return layers_.back().piece; }

 private:
  struct Layer {
    RowBlocks<T> piece;
    Vector<T> value;          // P_i z
    Vector<T> on;             // 1 where value > 0, else 0
    Units units;              // on as a list
    Vector<T> factor;         // U_i, (n_i, rank) column-major
    Vector<T> negative;       // the layer at -z, before its mask
    Units negative_units;     // where that is > 0
    Index flips = 0;          // crossed since the next layer's piece was rebuilt
    Eigen::VectorXd squares;  // sum of squares of the first strip of each block of the piece
    double largest = 0;       // their largest total since it was rebuilt
  };

  /// How the piece above a layer follows a step.
  enum class Change { none, cross, rebuild };

  void advance(std::size_t i, const Vector<T>& z);
  Change plan(std::size_t i, const Vector<T>& z);
  void apply(Change change, std::size_t i, Index block, int worker);
  void settle(Change change, std::size_t i);
  bool has_lost_digits(std::size_t i);
  void set_output(Index block, const Vector<T>& z);
  static double first_squares(const RowBlocks<T>& P, Index block);
  void pull_back(Index block, T* r);
  void sum_blocks(Vector<T>& out);

  /// Runs body(block, worker) for the row blocks of layer i; the threads share the last layer.
  template <class Body>
  void for_each_block(std::size_t i, Body body) {
    const Index count = layers_[i].piece.count();
    const int workers = i + 1 == layers_.size() ? threads_ : 1;
    parallel_workers(workers, [&](int worker) {
      for (Index b = worker; b < count; b += workers) body(b, worker);
    });
  }

  const ReLUNetwork<T>* network_;
  int threads_;
  std::vector<Layer> layers_;  // layers_[i] is layer i + 1; the last has a piece alone
  Vector<T> output_;
  Units flipped_;           // F_i of the layer at hand
  Units ranks_;             // 0, 1, ..., n - 1
  Vector<T> flipped_rows_;  // S_i P_i[F_i, :] or P_i[on, :], (n, |F_i|) column-major
  Vector<T> factor_rows_;   // U_i[on, :], (rank, |on|) column-major
  Vector<T> change_;        // V_i, (n, rank) column-major
  Index rank_ = 0;          // of the change of the piece at hand; none: rebuilt
  Matrix<T> scratch_;       // (block rows x n, threads): U of one block of the last layer
  Matrix<T> partial_;       // (n, blocks): Lambda^T r, block by block
  Eigen::VectorXd sum_;     // (n,)
  Vector<T> gathered_;      // the top inner layer at -z, where it is on
  static constexpr Index none = -1;
};

}  // namespace gendemod
