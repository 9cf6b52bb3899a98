#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "gendemod/wdc_climb.hpp"

namespace gendemod {

/// A search for directions x, y with a large deviation (5). For a unit vector v, and sign = +1 or
/// -1, every pair gives
///
///   sign v^T (G_{x,y} - alpha Q_{x,y}) v <= || G_{x,y} - alpha Q_{x,y} ||,
///
/// and along a great circle of x or of y (or of both, x = y) the left side is a sum of (w_i.v)^2
/// over the rows that are on, which change at the walls, less a smooth term: O(ell n + ell log ell)
/// for its largest value. Such line searches and new top eigenvectors v alternate, and the value
/// only rises. A climb ends when many random circles in turn have brought nothing; climbs are
/// independent functions of (seed, number).
class WdcSearch {
 public:
  /// The memory of W is the caller's and must outlive this.
  WdcSearch(const RowMajorView<double>& W, double alpha, std::uint64_t seed);

  /// Runs the climbs 0 .. climbs - 1 to their ends, or for about this long; true when all have
  /// ended. The next call goes on.
  bool run(Index climbs, int threads, double seconds);
  /// The largest deviation that was found, climbs that go on included.
  Witness best();
  Index climbs_done() const { return done_; }

 private:
  void keep(WdcClimb& climb);

  MaskedGram<double> rows_;
  double alpha_;
  std::uint64_t seed_;
  std::mutex keeping_;
  Witness best_{-1, {}, {}};  // of the climbs that have ended
  Index best_climb_ = 0;
  std::vector<std::unique_ptr<WdcClimb>> at_work_;
  std::atomic<Index> next_{0};
  std::atomic<Index> done_{0};
};

}  // namespace gendemod
