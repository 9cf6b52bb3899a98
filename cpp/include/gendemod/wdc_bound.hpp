#pragma once

#include <cstdint>
#include <vector>

#include "gendemod/pair_bound.hpp"
#include "gendemod/witness.hpp"

namespace gendemod {

/// A pair of cones, x in the first and y in the second. The deviation (5) is symmetric in x and y:
/// where both are the same cone, the pair is `diagonal` and a half of it is enough.
struct ConePair {
  Cone x, y;
  bool diagonal;
};

/// Branch and bound over pairs of cones, the largest bound first, for the supremum of the deviation
/// (5) of a matrix with n <= 6 columns. What is proven at any time is a tree of pairs, each of
/// whose leaves has a bound of at most `upper`.
///
/// The tree is written as one byte a pair, in preorder. 0: a leaf. At the root, all directions, 1:
/// split into pairs (a, b) of orthants, a <= b. At a pair, c <= E = n (n - 1) / 2: the first cone
/// is halved at its edge c - 1; c > E: the second at its edge c - 1 - E. A diagonal pair halves
/// both (c <= E) into three pairs: both first halves, first and second, both second halves.
class WdcBound {
 public:
  using Tree = std::vector<std::uint8_t>;

  /// Begins with a witness (n,), (n,), and goes on from a tree, {0} at the beginning. The memory of
  /// W is the caller's and must outlive this. Throws std::invalid_argument for a tree that is none.
  WdcBound(const RowMajorView<double>& W, double alpha, double tolerance, const double* x,
           const double* y, const Tree& tree);

  /// Goes on until upper - lower <= tolerance or about this many pairs have been bounded, and
  /// returns true, or for about this long. The same for any number of threads.
  bool run(Index most_pairs, int threads, double seconds);

  const Witness& lower() const { return lower_; }
  double upper() const;
  Index pairs_done() const { return pairs_; }
  Tree tree() const;

 private:
  struct Open {
    double bound;       // proven
    std::size_t place;  // of its byte
    ConePair pair;
  };
  struct Link {
    std::size_t place, first, last;  // a leaf that was split, and its part of codes_
  };
  struct Side;
  struct Workspace;
  struct Expansion;

  double target() const { return lower_.value + tolerance_; }
  Witness at(const SmallVector& x, const SmallVector& y, Workspace& at) const;
  void read(const Tree& tree);
  void descend(const Side& x, const Side& y, const Open& from, int level, Workspace& at,
               Expansion& out) const;
  void take(const Open& from, Expansion& part);
  void keep(Open open);
  std::vector<Open> next_batch();

  ConeRows rows_;
  double alpha_, tolerance_, trivial_;
  Witness lower_;
  Tree codes_;
  std::vector<Link> links_;
  std::vector<Open> open_;  // a heap, the largest bound first
  std::vector<Open> deep_;  // beyond what the heap should hold: last in, first out
  double stuck_ = 0;        // the largest bound of a pair that cannot be split
  Index pairs_ = 0;
};

}  // namespace gendemod
