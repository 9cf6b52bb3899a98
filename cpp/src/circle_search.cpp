#include "gendemod/circle_search.hpp"

#include <algorithm>
#include <cmath>

namespace gendemod {
namespace {

/// How far inside its cell, as an angle, a point is put that is best at a wall.
constexpr double inside = 1e-7;

/// Cells narrower than this are rounding.
constexpr double narrowest = 1e-12;

/// Increases with atan2(y, x), in [-2, 2].
double angle_key(double x, double y) {
  const double t = x / (std::abs(x) + std::abs(y));
  return y >= 0 ? 1 - t : t - 1;
}

}  // namespace

double CircleMean::operator()(double cosine, double sine) const {
  if (equal) return 0.5;
  const double c = std::clamp(zo * cosine + uo * sine, -1.0, 1.0);
  const double along = vz * cosine + vu * sine, s = std::sqrt(1 - c * c);
  const double plus = along + vo, minus = along - vo;
  // sin(theta) ((phat.v)^2 - (qhat.v)^2), phat and qhat along z(s) + o and z(s) - o.
  double swap = 0;
  if (1 + c > 1e-12) swap += plus * plus / (2 * (1 + c));
  if (1 - c > 1e-12) swap -= minus * minus / (2 * (1 - c));
  return (pi - std::acos(c) + s * swap) / (2 * pi);
}

void CircleSearch::clear() {
  walls_.clear();
  sum_ = 0;
}

void CircleSearch::add(double a, double b, double c) {
  const double r = std::hypot(a, b);
  if (!(r > 0) || c == 0) return;
  if (a < 0) sum_ += c;
  // On between phi - pi/2 and phi + pi/2, (cos phi, sin phi) = (a, b) / r.
  walls_.push_back({angle_key(b, -a), b / r, -a / r, c});
  walls_.push_back({angle_key(-b, a), -b / r, a / r, -c});
}

double CircleSearch::best(double sign, double alpha, const CircleMean& mean, double least) {
  std::sort(walls_.begin(), walls_.end(),
            [](const Wall& p, const Wall& q) { return p.key < q.key; });
  double at = 0, sum = sum_;
  for (std::size_t j = 0; j < walls_.size(); ++j) {
    const Wall& wall = walls_[j];
    const double before = sum;
    sum += wall.change;
    const double q = alpha * mean(wall.cosine, wall.sine);
    for (const double side : {-1.0, 1.0}) {
      const double value = sign * ((side < 0 ? before : sum) - q);
      if (value <= least) continue;
      const Wall& next = walls_[(j + (side < 0 ? walls_.size() - 1 : 1)) % walls_.size()];
      const double gap = std::abs(std::atan2(wall.cosine * next.sine - wall.sine * next.cosine,
                                             wall.cosine * next.cosine + wall.sine * next.sine));
      if (gap < narrowest) continue;
      least = value;
      at = std::atan2(wall.sine, wall.cosine) + side * std::min(inside, gap / 2);
    }
  }
  return at;
}

}  // namespace gendemod
