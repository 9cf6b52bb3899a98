#pragma once

#include "gendemod/linear_piece.hpp"
#include "gendemod/product_model.hpp"

namespace gendemod {

/// Line 3 of Algorithm 1: which of (+-h, +-m) has the least objective.
///
/// Sums of squares never decrease, in rounded arithmetic neither, so that a rival is out as soon as
/// its sum over the first rows reaches the objective at (h, m). All four sum the same rows in the
/// same order, so the choice is that of four complete sums. Rows of G1(-h) and G2(-m) are computed
/// when they are asked for, few at first and then a row block at a time; near a solution the first
/// few decide.
template <class T>
class FourSigns {
 public:
  /// Makes what the networks keep for all later calls (ReLUNetwork::product).
  static void prepare(const ProductModel<T>& model);

  /// Position in sign_pairs of the least objective, the first of equals. The pieces stand at h
  /// and m, where the objective is `objective`.
  int best(const ProductModel<T>& model, double objective, LinearPiece<T>& piece_h,
           const Vector<T>& h, LinearPiece<T>& piece_m, const Vector<T>& m);

 private:
  Eigen::Array<T, RowBlocks<T>::height, 1> negative_w_, negative_x_;  // one strip of rows
};

}  // namespace gendemod
