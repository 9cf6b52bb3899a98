#include "gendemod/wdc_bound.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "gendemod/parallel.hpp"

namespace gendemod {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int levels = 6;           // of the tree, below a pair, before others get a turn
constexpr std::size_t batch = 256;  // pairs that are split between two looks at the heap
constexpr std::size_t most_open = std::size_t{1} << 18;

/// Increases from the last pair to be split to the first; of equals, the earlier one is first.
constexpr auto later = [](const auto& p, const auto& q) {
  return p.bound != q.bound ? p.bound < q.bound : p.place > q.place;
};

/// A direction whose products with rows are exact: ConeRows knows about those of the rows.
SmallVector small(const double* z, Index n) {
  SmallVector out = Eigen::Map<const SmallVector>(z, n);
  for (double& entry : out) entry = std::abs(entry) < 0x1p-400 ? 0 : entry;
  return out;
}

}  // namespace

/// A cone and what is known of it.
struct WdcBound::Side {
  explicit Side(Index rows) : pattern(rows) {}
  void set(const ConeRows& rows, const Cone& which) {
    cone = which;
    measure = ConeMeasure(cone);
    rows.pattern(cone, pattern);
  }
  void set(const ConeRows& rows, const SmallVector& direction) {
    measure.centre = direction / direction.norm();
    measure.radius = 0;
    rows.pattern(direction.data(), pattern);
  }
  Cone cone;
  ConeMeasure measure;
  RowPattern pattern;
};

struct WdcBound::Workspace {
  Workspace(const ConeRows& rows, double alpha) : bound(rows, alpha) {
    for (int k = 0; k < 2 * (levels + 1); ++k) sides.emplace_back(rows.whole_rows());
  }
  PairBound bound;
  std::vector<Side> sides;  // two for each level
};

/// What was found below a pair: codes in preorder, and the pairs that are still open, with their
/// places among the codes.
struct WdcBound::Expansion {
  PairCodes codes;
  std::vector<Open> open;
  Index pairs = 0;
  double stuck = 0;
  Witness found{-1, {}, {}};
};

WdcBound::WdcBound(const RowMajorView<double>& W, double alpha, double tolerance, const double* x,
                   const double* y, const PairCodes& tree)
    : rows_(W),
      alpha_(alpha),
      tolerance_(tolerance),
      trivial_(PairBound::everywhere(rows_, alpha)),
      tree_(tree) {
  Workspace workspace(rows_, alpha);
  lower_ = at(small(x, W.cols()), small(y, W.cols()), workspace);
  read(tree);
}

/// lower + tolerance, rounded such that their difference is not more than the tolerance.
double WdcBound::target() const {
  double target = lower_.value + tolerance_;
  while (target - lower_.value > tolerance_) target = std::nextafter(target, lower_.value);
  return target;
}

Witness WdcBound::at(const SmallVector& x, const SmallVector& y, Workspace& at) const {
  Side &first = at.sides[0], &second = at.sides[1];
  first.set(rows_, x);
  second.set(rows_, y);
  at.bound.set(first.pattern, first.measure, second.pattern, second.measure);
  return {std::max(0.0, at.bound.least()), x, y};
}

bool WdcBound::run(Index most_pairs, int threads, double seconds) {
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(seconds));
  do {
    if (pairs_ >= most_pairs) return true;
    const std::vector<Open> from = next_batch();
    if (from.empty()) return true;
    std::vector<Expansion> parts(from.size());
    parallel_for_with(
        static_cast<Index>(from.size()), threads,
        [&] { return std::make_unique<Workspace>(rows_, alpha_); },
        [&](auto& workspace, Index i) {
          const Open& open = from[static_cast<std::size_t>(i)];
          Expansion& part = parts[static_cast<std::size_t>(i)];
          Workspace& own = *workspace;
          part.found = at(ConeMeasure(open.pair.x).centre, ConeMeasure(open.pair.y).centre, own);
          own.sides[0].set(rows_, open.pair.x);
          own.sides[1].set(rows_, open.pair.y);
          descend(own.sides[0], own.sides[1], open, 1, own, part);
        });
    for (std::size_t i = 0; i < from.size(); ++i) take(from[i], parts[i]);
  } while (Clock::now() < deadline);
  return false;
}

/// The pairs with the largest bounds, or, when there are too many, the deepest.
std::vector<WdcBound::Open> WdcBound::next_batch() {
  std::vector<Open> out;
  while (out.size() < batch && !(open_.empty() && deep_.empty())) {
    if (!deep_.empty()) {
      if (deep_.back().bound > target()) out.push_back(std::move(deep_.back()));
      deep_.pop_back();
      continue;
    }
    if (open_.front().bound <= target()) {
      open_.clear();
      break;
    }
    std::pop_heap(open_.begin(), open_.end(), later);
    out.push_back(std::move(open_.back()));
    open_.pop_back();
  }
  return out;
}

/// Splits a pair, and its parts, down to the last level.
void WdcBound::descend(const Side& x, const Side& y, const Open& from, int level, Workspace& at,
                       Expansion& out) const {
  const int edges = Cone::edges(rows_.cols());
  const bool first = from.pair.diagonal || x.measure.radius >= y.measure.radius;
  const Side& split = first ? x : y;
  Cone halves[2] = {split.cone, split.cone};
  const int edge = split.measure.longest_edge;
  if (edges == 0 || !halves[0].halve(edge, false) || !halves[1].halve(edge, true)) {
    out.codes.push_back(0);
    out.stuck = std::max(out.stuck, from.bound);
    return;
  }
  out.codes.push_back(static_cast<std::uint8_t>(1 + edge + (first ? 0 : edges)));
  Side* parts = &at.sides[static_cast<std::size_t>(2 * level)];
  for (int half = 0; half < 2; ++half) parts[half].set(rows_, halves[half]);
  const auto child = [&](const Side& of_x, const Side& of_y, bool diagonal) {
    at.bound.set(of_x.pattern, of_x.measure, of_y.pattern, of_y.measure);
    ++out.pairs;
    if (at.bound.proves(target())) {
      out.codes.push_back(0);
      return;
    }
    Open open{
        at.bound.proven(target(), from.bound), out.codes.size(), {of_x.cone, of_y.cone, diagonal}};
    if (level < levels) {
      descend(of_x, of_y, open, level + 1, at, out);
    } else {
      out.codes.push_back(0);
      out.open.push_back(std::move(open));
    }
  };
  for (int half = 0; half < 2; ++half) {
    if (from.pair.diagonal) {
      for (int other = half; other < 2; ++other) child(parts[half], parts[other], half == other);
    } else if (first) {
      child(parts[half], y, false);
    } else {
      child(x, parts[half], false);
    }
  }
}

/// Puts what was found below a pair into the tree, and its open pairs among the others.
void WdcBound::take(const Open& from, Expansion& part) {
  const std::size_t first = tree_.grow(from.place, part.codes);
  pairs_ += part.pairs;
  stuck_ = std::max(stuck_, part.stuck);
  if (part.found.value > lower_.value) lower_ = std::move(part.found);
  for (Open& open : part.open) {
    open.place += first;
    keep(std::move(open));
  }
}

void WdcBound::keep(Open open) {
  if (open_.size() >= most_open || !deep_.empty()) {
    deep_.push_back(std::move(open));
  } else {
    open_.push_back(std::move(open));
    std::push_heap(open_.begin(), open_.end(), later);
  }
}

double WdcBound::upper() const {
  double largest = std::max(target(), stuck_);
  if (!open_.empty()) largest = std::max(largest, open_.front().bound);
  for (const Open& open : deep_) largest = std::max(largest, open.bound);
  return std::min(largest, trivial_);
}

/// Every leaf of the tree that is read is bounded again.
void WdcBound::read(const PairCodes& codes) {
  const bool root_alone = codes.size() == 1 && codes[0] == 0;
  if (trivial_ <= target()) return walk(codes, rows_.cols(), [](std::size_t, const ConePair&) {});
  if (root_alone) tree_ = PairTree::of_orthants(rows_.cols());
  Workspace workspace(rows_, alpha_);
  Side &x = workspace.sides[0], &y = workspace.sides[1];
  walk(tree_.codes(), rows_.cols(), [&](std::size_t place, const ConePair& pair) {
    x.set(rows_, pair.x);
    y.set(rows_, pair.y);
    workspace.bound.set(x.pattern, x.measure, y.pattern, y.measure);
    ++pairs_;
    if (workspace.bound.proves(target())) return;
    keep({workspace.bound.proven(target(), trivial_), place, pair});
  });
}

}  // namespace gendemod
