#pragma once

#include "device.hpp"
#include "gram_shape.hpp"

namespace gendemod::cuda {

template <class T>
struct Linearisation;

/// The least-squares problems min ||J d + r||^2 + mu ||d||^2 of many linearisations, by their
/// normal equations in float64 (GramParts, DampedSolve). All memory is allocated on construction.
class NormalEquations {
 public:
  /// Columns of J at most.
  static constexpr Index most_cols = GramShape::most_cols - 1;

  /// J has `cols` columns, its rows lie in `tiles`.
  NormalEquations(Queue& queue, Index problems, Index cols, Index tiles);
  /// What a problem takes: half a matrix for each group of tiles, and two more.
  static double bytes(Index cols, Index tiles);

  /// [J | r]^T [J | r] where active (problems,) is not 0.
  template <class T>
  void form(const Linearisation<T>& at, const int* active);
  /// The steps at damping (problems,), with a row that keeps them orthogonal to along
  /// (problems, cols).
  void solve(const double* damping, const double* along, const int* active);

  Array<double>& gram() { return gram_; }  // (problems, cols + 1, cols + 1), lower, by columns
  const double* steps() const { return step_.data(); }         // (problems, cols)
  const double* promised() const { return promised_.data(); }  // (problems,)
  const int* solved() const { return solved_.data(); }  // (problems,): 0: more damping is needed

 private:
  Queue* queue_;
  Index problems_, tiles_;
  GramShape shape_;
  Array<double> parts_, gram_, factor_, step_, promised_;
  Array<int> solved_;
};

}  // namespace gendemod::cuda
