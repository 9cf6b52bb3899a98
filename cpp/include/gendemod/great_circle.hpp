#pragma once

#include <memory>
#include <vector>

#include "gendemod/angles.hpp"
#include "gendemod/masked_gram.hpp"
#include "gendemod/spectral.hpp"

namespace gendemod {

/// A supremum over a circle: lower <= sup <= upper, and the deviation is `lower` at this angle, or
/// a little more.
struct CircleSupremum {
  double lower, upper, angle;
};

/// The supremum of the deviation (5) for a fixed x while y turns through a great circle,
///
///   y(t) = s cos t + u sin t,   all vectors unit, u across s.
///
/// Each half of the circle from s, t in [0, pi] and [0, -pi], is cut into cells by walls where a
/// row that is on for x turns on or off; in a cell the Gram sum G is constant. A block of cells
/// lies between the sums over the rows that are on everywhere and somewhere in it,
/// G_least <= G <= G_most. Where s = x, G and Q decrease from s on, and over a block from angle a
/// to b
///
///   sup <= max( lambda_max(G_most - alpha Q(b)), lambda_max(alpha Q(a) - G_least) ),
///
/// the supremum itself where the block is one cell. On other circles Q is that of the middle, and
/// alpha (b - a) / (2 pi) is added. Blocks for which Cholesky factorisations prove that this is
/// below the best value so far are done; others are halved, which adds and removes rows w w^T.
class GreatCircle {
 public:
  /// The rows must outlive this, a workspace for one thread.
  GreatCircle(const MaskedGram<double>& rows, double alpha);

  /// Unit vectors; `through`: s = x. Where it is, upper - lower is about 1e-9 of the norm of the
  /// Gram sum plus alpha. About n^2 flops a row and level of halving, and n^3 for each block.
  CircleSupremum operator()(const Eigen::VectorXd& x, const Eigen::VectorXd& s,
                            const Eigen::VectorXd& u, bool through);

 private:
  struct Wall {
    double angle;
    std::int32_t row;
    bool turns_on;
  };
  using Gram = std::shared_ptr<const Eigen::MatrixXd>;  // blocks share what they have in common
  /// The sums of w w^T over the rows that are on in the first cell, everywhere, and somewhere.
  struct Block {
    Index first, last;           // of its cells
    bool over_done, under_done;  // nothing better on the one side, on the other
    double value;                // a deviation at its beginning, about
    Gram at_first, least, most;
  };

  void gather();
  Block whole();
  void choose(Index first, Index last, bool turns_on);
  Gram changed(const Gram& gram, double sign);
  void search(Block& block);
  void split(Block& left, Block& right);
  void settle(const Block& cell);
  const Eigen::MatrixXd& difference(const Eigen::MatrixXd& gram, double angle);
  double in_doubt() const;
  double offer(const Block& block);
  double prove(const Block& block, double angle);
  void keep(double value, double angle, Index cell);
  bool below(const Eigen::MatrixXd& gram, double sign, double angle, double limit);
  double edge(Index cell) const { return edges_[static_cast<std::size_t>(cell)]; }

  const MaskedGram<double>* rows_;
  MaskedGram<double>::Workspace workspace_;
  double alpha_;
  const Eigen::VectorXd *x_ = nullptr, *s_ = nullptr, *u_ = nullptr;
  bool through_ = false;
  double direction_ = 1, accuracy_ = 0, upper_ = 0, mixed_ = 0;
  CircleSupremum best_{};
  std::vector<Wall> walls_;          // in the order of their angles
  std::vector<double> edges_;        // of the cells: 0, the distinct walls, pi
  std::vector<std::size_t> begins_;  // the first wall at each edge, and the number of walls
  Units chosen_;
  Matrix<double> sum_;
  Eigen::MatrixXd difference_, factored_;
  Buffer<double> products_;  // with x, s and u
  Eigen::VectorXd v_, y_;
  Expectation expectation_;
  SpectralNorm norm_;
};

/// Rows i of X, S and U, (count, n), unit, or (1, n) for all, in parallel; out (count, 3): lower,
/// upper, angle.
void great_circles(const MaskedGram<double>& rows, const RowMajorView<double>& X,
                   const RowMajorView<double>& S, const RowMajorView<double>& U, bool through,
                   double alpha, int threads, Index count, double* out);

}  // namespace gendemod
