#pragma once

#include "block.hpp"

namespace gendemod::cuda {

/// How a piece P_{i+1} = W_{i+1} D_i P_i follows a step.
enum class Follow : int {
  keep,     // no mask below has changed
  cross,    // P_{i+1} += W_{i+1}[:, F] S P_i[F, :] over the units F that flipped, S = +-1: on, off
  rebuild,  // P_{i+1} = W_{i+1}[:, on] P_i[on, :]
  slide,    // kept, and P z at the new latent follows from P z at the old one
};

/// What the pieces of a problem are told about the layer below, and tell the layer above.
struct PieceState {
  Follow follow;   // of the piece above this layer in the present step
  int count;       // units in the list
  int flips;       // since the piece above was rebuilt
  double largest;  // sum of squares of its terms, at most, since then
  int has_slope;   // whether the slope of the last layer is that of the piece as it stands
  int slides;      // of the last layer, since it was last multiplied out
};

/// A piece is rebuilt after this many flips for each unit of the layer below, so that rounding
/// errors stay bounded.
inline constexpr int refresh_flips = 8;

/// The last layer is multiplied out after this many slides, for the same reason.
inline constexpr int most_slides = 16;

/// Compares the masks of a layer with those before, decides how the piece above follows, and lists
/// the units whose rows that takes. One block a problem.
///
/// It is rebuilt where that takes no more terms than to cross, where the piece below has changed,
/// and where the terms have lost most of their norm since the last time (a heavy unit went off).
/// Without a layer below (size = 0) it never changes.
template <class T>
struct PlanPiece {
  static constexpr int threads = 256;
  static constexpr int group = 16;
  struct Share {
    int flips, on;
    double squares;
  };
  struct Shared {
    Share shares[threads];
    Share groups[threads / group];
    Follow follow;
  };

  const int* active;  // (problems,)
  bool jump;          // rebuild, whatever has changed
  const T* step;      // (problems,): how far the step goes along the slope, or NaN; or null
  const T* value;     // (problems, stride): the layer before its mask
  Index size, stride;
  const T* row_squares;  // of P_i, problem p from p * row_squares_stride
  Index row_squares_stride;
  const double* column_squares;  // of W_{i+1}, (size,)
  const PieceState* below;       // (problems,), or null at the first layer
  int* mask;                     // (problems, size)
  int* units;                    // (problems, size)
  PieceState* state;             // (problems,)

  template <class Block>
  GENDEMOD_DEVICE void operator()(const Block& block, Shared& shared) const {
    const Index problem = block.index();
    if (active[problem] == 0) return;
    block.each([&](int t) { shared.shares[t] = look(problem, t); });
    block.each([&](int t) {
      if (t < threads / group) shared.groups[t] = total(shared.shares + t * group, group);
    });
    block.each([&](int t) {
      if (t == 0) shared.follow = decide(problem, total(shared.groups, threads / group));
    });
    if (shared.follow == Follow::keep || shared.follow == Follow::slide) return;
    block.each([&](int t) { list(problem, t, shared); });
  }

 private:
  GENDEMOD_DEVICE Index share() const { return (size + threads - 1) / threads; }
  GENDEMOD_DEVICE bool is_on(Index problem, Index i) const {
    return value[problem * stride + i] > T(0);
  }
  GENDEMOD_DEVICE bool has_flipped(Index problem, Index i) const {
    return is_on(problem, i) != (mask[problem * size + i] == 1);
  }

  GENDEMOD_DEVICE Share look(Index problem, int t) const {
    Share out{0, 0, 0.0};
    for (Index i = t * share(); i < size && i < (t + 1) * share(); ++i) {
      const double square =
          static_cast<double>(row_squares[problem * row_squares_stride + i]) * column_squares[i];
      const bool on = is_on(problem, i);
      out.flips += has_flipped(problem, i) ? 1 : 0;
      out.on += on ? 1 : 0;
      out.squares += on ? square : 0.0;
    }
    return out;
  }
  GENDEMOD_DEVICE static Share total(const Share* shares, int count) {
    Share out{0, 0, 0.0};
    for (int i = 0; i < count; ++i) {
      out.flips += shares[i].flips;
      out.on += shares[i].on;
      out.squares += shares[i].squares;
    }
    return out;
  }

  GENDEMOD_DEVICE Follow decide(Index problem, const Share& sum) const {
    PieceState& now = state[problem];
    const bool moved = below != nullptr && below[problem].follow != Follow::keep;
    now.count = sum.flips;
    if ((!jump || size == 0) && !moved && sum.flips == 0) {
      const bool along = step != nullptr && step[problem] == step[problem];
      const bool slides = along && now.has_slope == 1 && now.slides < most_slides;
      now.slides = slides ? now.slides + 1 : 0;
      return now.follow = slides ? Follow::slide : Follow::keep;
    }
    now.has_slope = 0;
    now.slides = 0;
    const bool fresh = !jump && !moved && now.flips + sum.flips < refresh_flips * size &&
                       !(sum.squares < now.largest / 16);
    if (fresh && sum.flips < sum.on) {
      now.flips += sum.flips;
      now.largest = sum.squares > now.largest ? sum.squares : now.largest;
      return now.follow = Follow::cross;
    }
    now.count = sum.on;
    now.flips = 0;
    now.largest = sum.squares;
    return now.follow = Follow::rebuild;
  }

  /// Lists a thread's share, in order, and brings its masks up to date.
  GENDEMOD_DEVICE void list(Index problem, int t, const Shared& shared) const {
    const bool flips = shared.follow == Follow::cross;
    int before = 0;
    for (int i = 0; i < t / group; ++i) {
      before += flips ? shared.groups[i].flips : shared.groups[i].on;
    }
    for (int i = t / group * group; i < t; ++i) {
      before += flips ? shared.shares[i].flips : shared.shares[i].on;
    }
    int* out = units + problem * size + before;
    for (Index i = t * share(); i < size && i < (t + 1) * share(); ++i) {
      if (flips ? has_flipped(problem, i) : is_on(problem, i)) *out++ = static_cast<int>(i);
      mask[problem * size + i] = is_on(problem, i) ? 1 : 0;
    }
  }
};

}  // namespace gendemod::cuda
