#pragma once

#include <vector>

#include "gendemod/pair_bound.hpp"
#include "gendemod/pair_tree.hpp"
#include "gendemod/witness.hpp"

namespace gendemod {

/// Branch and bound over pairs of cones, the largest bound first, for the supremum of the deviation
/// (5) of a matrix with n <= 6 columns. What is proven at any time is a tree of pairs, each of
/// whose leaves has a bound of at most `upper`.
class WdcBound {
 public:
  /// Begins with a witness (n,), (n,), and goes on from a tree, {0} at the beginning. The memory of
  /// W is the caller's and must outlive this. Throws std::invalid_argument for a tree that is none.
  WdcBound(const RowMajorView<double>& W, double alpha, double tolerance, const double* x,
           const double* y, const PairCodes& tree);

  /// Goes on until upper - lower <= tolerance or about this many pairs have been bounded, and
  /// returns true, or for about this long. The same for any number of threads.
  bool run(Index most_pairs, int threads, double seconds);

  const Witness& lower() const { return lower_; }
  double upper() const;
  Index pairs_done() const { return pairs_; }
  PairCodes tree() const { return tree_.codes(); }

 private:
  struct Open {
    double bound;       // proven
    std::size_t place;  // in the tree
    ConePair pair;
  };
  struct Side;
  struct Workspace;
  struct Expansion;

  double target() const;
  Witness at(const SmallVector& x, const SmallVector& y, Workspace& at) const;
  void read(const PairCodes& codes);
  void descend(const Side& x, const Side& y, const Open& from, int level, Workspace& at,
               Expansion& out) const;
  void take(const Open& from, Expansion& part);
  void keep(Open open);
  std::vector<Open> next_batch();

  ConeRows rows_;
  double alpha_, tolerance_, trivial_;
  Witness lower_;
  PairTree tree_;
  std::vector<Open> open_;  // a heap, the largest bound first
  std::vector<Open> deep_;  // beyond what the heap should hold: last in, first out
  double stuck_ = 0;        // the largest bound of a pair that cannot be split
  Index pairs_ = 0;
};

}  // namespace gendemod
