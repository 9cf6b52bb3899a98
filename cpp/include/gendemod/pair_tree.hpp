#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "gendemod/cone.hpp"

namespace gendemod {

/// A pair of cones, x in the first and y in the second. The deviation (5) is symmetric in x and y:
/// where both are the same cone, the pair is `diagonal` and a half of it is enough.
struct ConePair {
  Cone x, y;
  bool diagonal;
};

/// One byte a pair, in preorder. 0: a leaf. At the root, all directions, 1: split into the pairs
/// (a, b) of orthants, a <= b. At a pair, c <= E = n (n - 1) / 2: the first cone is halved at its
/// edge c - 1; c > E: the second at its edge c - 1 - E. A diagonal pair halves both (c <= E) into
/// three: both first halves, first and second, both second halves.
using PairCodes = std::vector<std::uint8_t>;

/// Calls leaf(place, pair) for every leaf below the root, place that of its byte. Throws
/// std::invalid_argument for codes that are no tree.
void walk(const PairCodes& codes, int n,
          const std::function<void(std::size_t, const ConePair&)>& leaf);

/// A tree of pairs of cones in R^n, whose leaves grow into trees of their own.
class PairTree {
 public:
  explicit PairTree(PairCodes codes = {0}) : codes_(std::move(codes)) {}

  /// The root alone, split.
  static PairTree of_orthants(int n);
  /// Puts a subtree in place of a leaf; returns the place of its first byte.
  std::size_t grow(std::size_t place, const PairCodes& subtree);
  /// In preorder.
  PairCodes codes() const;

 private:
  struct Link {
    std::size_t place, first, last;  // a leaf, and its subtree in codes_
  };
  PairCodes codes_;  // the tree at first, then subtrees as they came
  std::vector<Link> links_;
};

}  // namespace gendemod
