#include "gendemod/wdc_exact.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>
#include <vector>

#include "gendemod/cone.hpp"

namespace gendemod {
namespace {

/// Angles that differ by less may not be in their true order, and no direction that floating point
/// could tell lies between them.
constexpr double narrowest = 1e-14;

/// What is done about lines closer than that: they are taken for parallel, or put into their true
/// order, exactly.
enum class Close { parallel, apart };

/// Half turns that are listed: arcs begin in the first two and end in the last two.
constexpr Index halves = 3;

/// An arc between two of the directions of rows and their opposites, listed over three half turns.
struct Arc {
  Index from = 0, to = 0;
  bool closed = true;  // its ends belong to it: the side of G - alpha Q; open: alpha Q - G
  double form = 0;     // +- v^T (G - alpha Q) v
};

/// The rows of a matrix with two columns, sorted around the circle.
class Circle {
 public:
  Circle(const RowMajorView<double>& W, double alpha, Close close) : k_(alpha / pi) {
    std::vector<Line> lines;
    for (Index i = 0; i < W.rows(); ++i) {
      double x = W(i, 0), y = W(i, 1);
      if (x == 0 && y == 0) continue;
      // Lines through the origin, in [0, pi): opposite rows get the same angle.
      bool flipped = y < 0 || (y == 0 && x < 0);
      if (flipped) x = -x, y = -y;
      double angle = std::atan2(y, x);
      if (close == Close::parallel && angle > pi - narrowest) {
        doubtful_ = true;
        flipped = !flipped;
        x = -x, y = -y, angle = 0;
      }
      lines.push_back({angle, x, y, flipped});
    }
    std::stable_sort(lines.begin(), lines.end(), [&](const Line& a, const Line& b) {
      const bool far = close == Close::parallel || std::abs(a.angle - b.angle) > narrowest;
      return far ? a.angle < b.angle : turn(a, b) > 0;
    });
    std::vector<bool> repeats(lines.size(), false);
    for (std::size_t j = 1; j < lines.size(); ++j) {
      if (lines[j].angle - lines[j - 1].angle >= narrowest) continue;
      const bool parallel = turn(lines[j - 1], lines[j]) == 0;
      doubtful_ = doubtful_ || !parallel;
      lines[j].angle = close == Close::parallel || parallel
                           ? lines[j - 1].angle
                           : std::max(lines[j].angle, lines[j - 1].angle);
      repeats[j] = close == Close::parallel || parallel;
    }
    const auto count = static_cast<Index>(lines.size());
    half_ = count;
    angle_.resize(static_cast<std::size_t>(halves * count));
    for (auto* list : {&square_, &cos2_, &sin2_, &cosine_, &sine_}) {
      list->assign(angle_.size(), 0.0);
    }
    for (Index j = 0; j < halves * count; ++j) {
      const Line& line = lines[static_cast<std::size_t>(j % count)];
      const Index half = j / count;
      const auto at = static_cast<std::size_t>(j);
      angle_[at] = line.angle + static_cast<double>(half) * pi;
      cosine_[at] = std::cos(2 * line.angle);
      sine_[at] = std::sin(2 * line.angle);
      if ((half % 2 == 1) != line.flipped) continue;  // an opposite of a row: no weight
      square_[at] = line.x * line.x + line.y * line.y;
      cos2_[at] = line.x * line.x - line.y * line.y;
      sin2_[at] = 2 * line.x * line.y;
    }
    for (Index j = 0; j < count; ++j)
      total_ += square_[static_cast<std::size_t>(j)] + square_[static_cast<std::size_t>(j + count)];
    first_.resize(lines.size());
    for (std::size_t j = 0; j < lines.size(); ++j) {
      first_[j] = repeats[j] ? first_[j - 1] : static_cast<Index>(j);
    }
    before_.resize(angle_.size());
    after_.resize(angle_.size());
    queue_.resize(angle_.size());
  }

  Index rows() const { return half_; }
  /// Whether lines that are not parallel were taken for it, or would be.
  bool doubtful() const { return doubtful_; }
  double angle(Index j) const { return angle_[static_cast<std::size_t>(j)]; }
  /// How fast a form can fall with sin^2 of the distance from its best direction.
  double spread() const { return total_ + k_; }

  /// The closed and the open arc with the largest +- v^T (G - alpha Q) v at v = (cos nu, sin nu).
  std::pair<Arc, Arc> best(double nu) {
    // F(phi) = sum of (w.v)^2 up to phi - k int_0^phi cos^2(. - nu), before and after each jump.
    const double c = std::cos(2 * nu), s = std::sin(2 * nu);
    double sum = 0;
    for (std::size_t j = 0; j < angle_.size(); ++j) {
      const double phi = angle_[j];
      const double mass = k_ * (phi / 2 + (sine_[j] * c - cosine_[j] * s + s) / 4);
      before_[j] = sum - mass;
      sum += (square_[j] + cos2_[j] * c + sin2_[j] * s) / 2;
      after_[j] = sum - mass;
    }
    std::pair<Arc, Arc> best{{0, 0, true, -spread()}, {0, 0, false, -spread()}};
    // Closed arcs shorter than pi: the end lies before the opposite of the beginning.
    slide(
        before_, true, [&](Index to) { return first_after(to); },
        [&](Index from, Index to) {
          const double form = after_[index(to)] - before_[index(from)];
          if (form > best.first.form) best.first = {from, to, true, form};
        });
    // Open arcs up to pi.
    slide(
        after_, false, [&](Index to) { return to - half_; },
        [&](Index from, Index to) {
          const double form = after_[index(from)] - before_[index(to)];
          if (from < to && form > best.second.form) best.second = {from, to, false, form};
        });
    return best;
  }

  /// The arc with the largest norm, all of them one by one: O(ell^2).
  Arc best_of_all() const {
    // 2 ||E|| = +-t + |(u, v)|, differences of one-point functions between the ends.
    const auto size = static_cast<Index>(angle_.size());
    Eigen::ArrayXd t[2], u[2], v[2];  // before and after the jump
    for (auto* list : {t, u, v}) list[0].resize(size), list[1].resize(size);
    double T = 0, c = 0, s = 0;
    for (Index j = 0; j < size; ++j) {
      for (const int side : {0, 1}) {
        if (side == 1) T += square_[index(j)], c += cos2_[index(j)], s += sin2_[index(j)];
        t[side][j] = T - k_ * angle(j);
        u[side][j] = c - k_ * sine_[index(j)] / 2;
        v[side][j] = s + k_ * cosine_[index(j)] / 2;
      }
    }
    Arc best;
    best.form = -1;
    Eigen::ArrayXd norms(half_ + 1);
    const auto try_ends = [&](Index from, Index first, Index last, bool closed) {
      const Index count = last - first;
      if (count <= 0) return;
      const int start = closed ? 0 : 1, end = 1 - start;
      auto out = norms.head(count);
      out = (closed ? 1 : -1) * (t[end].segment(first, count) - t[start][from]) +
            ((u[end].segment(first, count) - u[start][from]).square() +
             (v[end].segment(first, count) - v[start][from]).square())
                .sqrt();
      if (out.maxCoeff() <= 2 * best.form) return;
      Index at = 0;
      best.form = out.maxCoeff(&at) / 2;
      best.from = from;
      best.to = first + at;
      best.closed = closed;
    };
    for (Index from = 0; from < 2 * half_; ++from) {
      const Index opposite = from - from % half_ + half_ + first_[index(from % half_)];
      try_ends(from, from, opposite, true);
      try_ends(from, from + 1, from + half_ + 1, false);
    }
    return best;
  }

  /// ||G - alpha Q|| on the side of the arc, in closed form.
  double norm(const Arc& arc) const {
    double T = 0, c = 0, s = 0;
    for (Index j = arc.from + (arc.closed ? 0 : 1); j < arc.to + (arc.closed ? 1 : 0); ++j) {
      T += square_[index(j)];
      c += cos2_[index(j)];
      s += sin2_[index(j)];
    }
    const double start = angle(arc.from), end = angle(arc.to), length = end - start;
    const double sine = k_ * std::sin(length);
    const double side =
        std::hypot(c - sine * std::cos(start + end), s - sine * std::sin(start + end));
    return ((arc.closed ? 1 : -1) * (T - k_ * length) + side) / 2;
  }

 private:
  struct Line {
    double angle, x, y;
    bool flipped;
  };
  /// The sign of the turn from a to b, exactly; 0 for parallel lines.
  static int turn(const Line& a, const Line& b) {
    const double from[] = {a.x, a.y}, across[] = {b.y, -b.x};
    return exact_sign(from, across, 2);
  }
  static std::size_t index(Index j) { return static_cast<std::size_t>(j); }

  /// The first beginning from which a closed arc to `to` is shorter than pi.
  Index first_after(Index to) const {
    // Lines equal to that of `to` lie exactly half a turn back.
    Index last = to % half_;
    while (last + 1 < half_ && first_[index(last + 1)] == first_[index(last)]) ++last;
    return to - half_ + (last - to % half_) + 1;
  }

  /// Calls visit(from, to) for every end `to` with the beginning in [least(to), to] at which
  /// `values` is least (or largest), the first of equals.
  template <class Least, class Visit>
  void slide(const std::vector<double>& values, bool minimum, Least least, Visit visit) {
    std::size_t head = 0, tail = 0;
    for (Index to = 0; to < static_cast<Index>(values.size()); ++to) {
      while (tail > head && (minimum ? values[index(queue_[tail - 1])] > values[index(to)]
                                     : values[index(queue_[tail - 1])] < values[index(to)])) {
        --tail;
      }
      queue_[tail++] = to;
      if (to < half_) continue;
      const Index from = std::max<Index>(least(to), 0);
      while (queue_[head] < from) ++head;
      visit(queue_[head], to);
    }
  }

  double k_;
  double total_ = 0;
  bool doubtful_ = false;
  Index half_ = 0;                             // lines: half a turn
  std::vector<double> angle_, cosine_, sine_;  // phi, cos 2 phi, sin 2 phi
  std::vector<double> square_, cos2_, sin2_;   // ||w||^2 times 1, cos 2 phi, sin 2 phi; or 0
  std::vector<Index> first_;                   // of the lines equal to this one
  std::vector<double> before_, after_;
  std::vector<Index> queue_;
};

Eigen::VectorXd at_angle(double phi) {
  return (Eigen::VectorXd(2) << std::cos(phi), std::sin(phi)).finished();
}

/// x, y whose open arc lies just outside (closed) or just inside (open) of the given one, by less
/// than half the way to the next direction.
Witness witness(const Circle& circle, const Arc& arc, double value) {
  const double start = circle.angle(arc.from), end = circle.angle(arc.to);
  double room = arc.closed ? (pi - (end - start)) / 2 : (end - start) / 2;
  const Index all = halves * circle.rows();
  for (Index j = std::max<Index>(arc.from - circle.rows(), 0);
       j < std::min(arc.to + circle.rows(), all); ++j) {
    for (const double edge : {start, end}) {
      const double gap = std::abs(circle.angle(j) - edge);
      if (gap > 0) room = std::min(room, gap);
    }
  }
  const double step = (arc.closed ? 1 : -1) * std::min(room / 2, 1e-10);
  return {value, at_angle(end + step - pi / 2), at_angle(start - step + pi / 2)};
}

Witness exact_on_a_line(const RowMajorView<double>& W, double alpha) {
  double sums[2] = {0, 0};
  for (Index i = 0; i < W.rows(); ++i) sums[W(i, 0) > 0] += W(i, 0) * W(i, 0);
  const double minus = std::abs(sums[0] - alpha / 2), plus = std::abs(sums[1] - alpha / 2);
  const Eigen::VectorXd side = Eigen::VectorXd::Constant(1, plus >= minus ? 1.0 : -1.0);
  return {std::max(plus, minus), side, side};
}

/// The arc with the largest norm, and the norm.
std::pair<Arc, double> best_arc(Circle& circle, double alpha) {
  struct Interval {
    double upper, middle, half;
    bool operator<(const Interval& other) const { return upper < other.upper; }
  };
  std::priority_queue<Interval> open;
  Arc best;
  double value = -1;
  const auto visit = [&](double middle, double half) {
    const auto [closed, opened] = circle.best(middle);
    for (const Arc& arc : {closed, opened}) {
      const double norm = circle.norm(arc);
      if (norm > value) value = norm, best = arc;
    }
    const double loss = circle.spread() * std::sin(half) * std::sin(half);
    // alpha Q - G <= alpha / 2, and this is reached by every v where half a circle has no rows.
    const double upper = std::max(closed.form + loss, std::min(opened.form + loss, alpha / 2));
    open.push({upper, middle, half});
  };
  constexpr int first = 16;  // v and -v are the same: nu runs over [0, pi)
  for (int j = 0; j < first; ++j) visit(pi * (j + 0.5) / first, pi / (2 * first));
  // Where many directions are nearly as good as the best, all arcs are done sooner one by one.
  const Index patience = std::max<Index>(400, circle.rows() / 4);
  for (Index steps = 0; open.top().upper > value + 1e-14 * circle.spread(); ++steps) {
    if (steps == patience) {
      const Arc arc = circle.best_of_all();
      const double norm = circle.norm(arc);
      if (norm > value) value = norm, best = arc;
      break;
    }
    const Interval top = open.top();
    open.pop();
    for (const double side : {-0.5, 0.5}) visit(top.middle + side * top.half, top.half / 2);
  }
  return {best, value};
}

}  // namespace

Enclosed wdc_exact(const RowMajorView<double>& W, double alpha) {
  if (W.cols() == 1) {
    const Witness found = exact_on_a_line(W, alpha);
    return {found, found.value};
  }
  Circle circle(W, alpha, Close::parallel);
  if (circle.rows() == 0) return {{alpha / 2, at_angle(0), at_angle(0)}, alpha / 2};
  const auto [arc, value] = best_arc(circle, alpha);
  double upper = value;
  if (circle.doubtful()) {
    Circle apart(W, alpha, Close::apart);
    upper = std::max(upper, best_arc(apart, alpha).second);
  }
  return {witness(circle, arc, value), upper};
}

}  // namespace gendemod
