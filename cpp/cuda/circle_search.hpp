#pragma once

#include "cholesky.hpp"
#include "circle_sums.hpp"
#include "lanczos.hpp"

namespace gendemod::cuda {

/// As gendemod::CircleSupremum.
struct CircleSupremum {
  double lower, upper, angle;
};

/// The supremum of the deviation on circles, by the search of gendemod::GreatCircle: blocks of
/// cells between G_least <= G <= G_most, for which Cholesky proves that they have nothing better,
/// or which are halved. One block of threads a circle; the open blocks of cells are a stack.
struct CircleSearch {
  static constexpr int threads = BlockCholesky::threads;
  static constexpr int most_depth = 40;
  static constexpr double narrow = 1e-12;  // cells have no points that floating point could tell
  static constexpr double inside = 1e-9;   // how far in its cell a point is put that is at a wall
  using Lanczos = BlockLanczos<threads>;
  using Sums = CircleSums<threads>;
  using Change = Sums::Change;

  /// Cells first .. last - 1, whose sums stand in `home`.
  struct Cells {
    int first, last, home;
    int done[2];   // nothing better above, below
    double value;  // a deviation at its beginning, about
  };
  struct Shared {
    BlockCholesky::Shared cholesky;
    Lanczos::Shared lanczos;
    Sums::Shared sums;
    Cells stack[most_depth];
    int homes[most_depth];
    int depth;
    double lower, upper, angle;
  };
  Sums circles;
  CircleSupremum* out;

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const int circle = static_cast<int>(block.index());
    block.each([&](int t) {
      if (t == 0) shared.lower = shared.upper = shared.angle = 0;
    });
    double accuracy = 0;
    for (int half = 2 * circle; half < 2 * circle + 2; ++half) {
      accuracy = begin(block, shared, half);
      search(block, shared, half, accuracy);
    }
    block.each([&](int t) {
      if (t > 0) return;
      const double close = shared.lower + accuracy, *mixed = circles.walls.mixed + 2 * circle;
      out[circle] = {shared.lower,
                     (close > shared.upper ? close : shared.upper) +
                         (mixed[0] > mixed[1] ? mixed[0] : mixed[1]),
                     shared.angle};
    });
  }

 private:
  template <class Block>
  GENDEMOD_DEVICE void search(const Block& block, Shared& shared, int half, double accuracy) const {
    while (shared.depth > 0) {
      const int at = shared.depth - 1;
      const Cells cells = shared.stack[at];
      const bool done = exclude(block, shared, half, cells, accuracy);
      if (!done && cells.last - cells.first > 1) {
        split(block, shared, half, cells);
        continue;
      }
      if (!done) settle(block, shared, half, cells, accuracy);
      block.each([&](int t) {
        if (t > 0) return;
        shared.homes[at] = cells.home;
        shared.depth = at;
      });
    }
    block.each([&](int) {});  // all have read
  }
  /// The block of all cells: every row changes once; those that do so at the ends change in no
  /// cell. Returns the accuracy.
  template <class Block>
  GENDEMOD_DEVICE double begin(const Block& block, Shared& shared, int half) const {
    const int last = circles.walls.cells[half], all = circles.at_first(0);
    block.each([&](int t) {
      if (t > 0) return;
      for (int i = 0; i < most_depth; ++i) shared.homes[i] = i;
      shared.stack[0] = {0, last, 0, {0, 0}, 0};
      shared.depth = 1;
    });
    const int most = circles.most(0), least = circles.least(0);
    const Change steps[4] = {{most, -1, 1, 0, 1, true},
                             {least, most, 1, last, last + 1, false},
                             {all, most, 1, 1, last + 1, false},
                             {most, all, 1, 1, last, true}};
    for (int step = 0; step < 4; ++step) circles.change(block, half, steps[step]);
    const double* const G = circles.matrix(half, most);
    block.each([&](int t) {
      shared.sums.first[t] = 0;
      for (Index i = t; i < circles.W.cols; i += threads) {
        shared.sums.first[t] += G[i * circles.order + i];
      }
    });
    add_up(block, shared.sums.first);
    const double scale = shared.sums.first[0] / static_cast<double>(circles.W.cols) + circles.alpha;
    block.each([&](int) {});  // all have read
    offer(block, shared, half, 0);
    return 1e-9 * scale;
  }
  /// Proves for either side, if it can, that the cells have nothing better than the best so far.
  template <class Block>
  GENDEMOD_DEVICE bool exclude(const Block& block, Shared& shared, int half, const Cells& cells,
                               double accuracy) const {
    const double from = circles.edge(half, cells.first), to = circles.edge(half, cells.last);
    const double margin = circles.through ? 0 : circles.alpha * (to - from) / (2 * pi);
    const double limit = shared.lower + accuracy - margin;
    bool all = true;
    for (int side = 0; side < 2; ++side) {
      if (cells.done[side]) continue;
      circles.difference(block, shared.sums, half,
                         side == 0 ? circles.most(cells.home) : circles.least(cells.home),
                         !circles.through ? (from + to) / 2
                         : side == 0      ? to
                                          : from);
      const bool done = BlockCholesky{circles.order}(
          block, shared.cholesky, circles.matrix(half, circles.scratch()), side == 0 ? 1 : -1,
          limit, circles.matrix(half, circles.scratch() + 1));
      all = all && done;
      block.each([&](int t) {
        if (t == 0) shared.stack[shared.depth - 1].done[side] = done;
      });
    }
    return all;
  }
  /// Puts two halves on the stack instead, the one that begins with the larger value on top.
  template <class Block>
  GENDEMOD_DEVICE void split(const Block& block, Shared& shared, int half,
                             const Cells& cells) const {
    const int first = cells.first, last = cells.last, middle = (first + last) / 2;
    const int at = shared.depth, left = cells.home, right = shared.homes[at];
    const int left_most = circles.most(left), left_least = circles.least(left);
    const int right_most = circles.most(right), right_least = circles.least(right);
    const int begins = circles.at_first(right);
    // Through x rows only turn off: G of the last cell of the left half is G of the first of the
    // right half and what turns off in between.
    const Change through_x[3] = {{right_most, left_most, -1, first + 1, middle + 1, false},
                                 {right_least, left_least, 1, 0, 0, true},
                                 {left_least, right_most, 1, middle, middle + 1, false}};
    const Change elsewhere[6] = {{right_most, left_most, -1, first + 1, middle + 1, false},
                                 {right_least, left_least, 1, first + 1, middle + 1, true},
                                 {begins, circles.at_first(left), -1, first + 1, middle + 1, false},
                                 {begins, begins, 1, first + 1, middle + 1, true},
                                 {left_least, left_least, 1, middle, last, false},
                                 {left_most, left_most, -1, middle, last, true}};
    for (int step = 0; step < (circles.through ? 3 : 6); ++step) {
      circles.change(block, half, circles.through ? through_x[step] : elsewhere[step]);
    }
    block.each([&](int t) {
      if (t > 0) return;
      const Cells parent = shared.stack[at - 1];
      shared.stack[at - 1].last = middle;
      shared.stack[at] = {middle, last, right, {parent.done[0], parent.done[1]}, 0};
      shared.depth = at + 1;
    });
    offer(block, shared, half, at);
    block.each([&](int t) {
      if (t > 0 || shared.stack[at].value > shared.stack[at - 1].value) return;
      const Cells right_cells = shared.stack[at];
      shared.stack[at] = shared.stack[at - 1];
      shared.stack[at - 1] = right_cells;
    });
  }
  /// The deviations at the ends of a cell, whose Gram sum is known; elsewhere than through x, in
  /// its middle, too.
  template <class Block>
  GENDEMOD_DEVICE void settle(const Block& block, Shared& shared, int half, const Cells& cells,
                              double accuracy) const {
    const double from = circles.edge(half, cells.first), to = circles.edge(half, cells.last);
    double largest = 0;
    for (int point = 0; point < (circles.through ? 2 : 3); ++point) {
      const double angle = point == 0 ? from : point == 1 ? to : (from + to) / 2;
      const double found = prove(block, shared, half, cells, angle, accuracy / 2);
      largest = largest > found ? largest : found;
    }
    if (!circles.through) largest += circles.alpha * (to - from) / (4 * pi);
    block.each([&](int t) {
      if (t == 0 && largest > shared.upper) shared.upper = largest;
    });
  }
  /// A value that the deviation reaches at the beginning of a block of cells.
  template <class Block>
  GENDEMOD_DEVICE void offer(const Block& block, Shared& shared, int half, int at) const {
    const Cells cells = shared.stack[at];
    const double from = circles.edge(half, cells.first);
    const double frobenius =
        circles.difference(block, shared.sums, half, circles.at_first(cells.home), from);
    const double value = Lanczos{circles.W.cols, circles.order}(
        block, shared.lanczos, circles.matrix(half, circles.scratch()), circles.room(half),
        1e-6 * frobenius, rounding_of(circles.W.cols, frobenius), 24);
    block.each([&](int t) {
      if (t > 0) return;
      shared.stack[at].value = value;
      keep(shared, half, value, from, cells.first);
    });
  }
  /// What the deviation is at most at an angle of the first cell; it is kept.
  template <class Block>
  GENDEMOD_DEVICE double prove(const Block& block, Shared& shared, int half, const Cells& cells,
                               double angle, double wanted) const {
    const double* const D = circles.matrix(half, circles.scratch());
    const double frobenius =
        circles.difference(block, shared.sums, half, circles.at_first(cells.home), angle);
    const double lost = rounding_of(circles.W.cols, frobenius),
                 slack = wanted > 4 * lost ? wanted : 4 * lost;
    NormState state{0, frobenius, slack, 0, frobenius > 0};
    if (state.open) {
      state.value = Lanczos{circles.W.cols, circles.order}(
          block, shared.lanczos, D, circles.room(half), slack, lost, Lanczos::most_steps);
      state.trial = state.value + slack;
    }
    while (state.open) {
      bool holds = true;
      for (int side = 0; side < 2 && holds; ++side) {
        holds =
            BlockCholesky{circles.order}(block, shared.cholesky, D, side == 0 ? 1 : -1, state.trial,
                                         circles.matrix(half, circles.scratch() + 1));
      }
      state.narrow(holds);
    }
    block.each([&](int t) {
      if (t == 0) keep(shared, half, state.value, angle, cells.first);
    });
    return state.value + slack + lost;
  }
  /// Keeps a value at an angle of a cell, if it is the best so far and a point of the cell reaches
  /// it.
  GENDEMOD_DEVICE void keep(Shared& shared, int half, double value, double angle, int cell) const {
    const double from = circles.edge(half, cell), to = circles.edge(half, cell + 1),
                 quarter = (to - from) / 4;
    const double room = inside < quarter ? inside : quarter;
    // y = x is a point of the cell that begins there, however narrow.
    const bool start = circles.through && angle == 0;
    const double above = angle < from + room ? from + room : angle;
    const double at = start ? 0 : above > to - room ? to - room : above;
    if (to - from < narrow && at != 0) return;
    value -= circles.alpha * std::fabs(at - angle) / pi;
    if (value <= shared.lower) return;
    shared.lower = value;
    shared.angle = half % 2 == 0 ? at : -at;
  }
};

}  // namespace gendemod::cuda
