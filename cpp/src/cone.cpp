#include "gendemod/cone.hpp"

#include <array>
#include <cmath>

namespace gendemod {
namespace {

struct Edge {
  int first, second;
};

Edge ends(int n, int edge) {
  int first = 0;
  while (edge >= n - 1 - first) edge -= n - 1 - first++;
  return {first, first + 1 + edge};
}

}  // namespace

Cone Cone::orthant(int n, unsigned number) {
  Cone cone{SmallMatrix::Zero(n, n)};
  for (int i = 0; i < n; ++i) cone.vertices(i, i) = (number >> i) & 1u ? -1 : 1;
  return cone;
}

bool Cone::halve(int edge, bool second) {
  const auto [i, j] = ends(static_cast<int>(vertices.cols()), edge);
  const SmallVector a = vertices.col(i), b = vertices.col(j), sum = a + b;
  // The error of a sum, exactly (Knuth); halving a number of ordinary size is exact.
  const SmallVector part = sum - a;
  if (((a - (sum - part)) + (b - part)).cwiseAbs().maxCoeff() != 0) return false;
  vertices.col(second ? j : i) = sum / 2;
  return true;
}

ConeMeasure::ConeMeasure(const Cone& cone) {
  const SmallMatrix& vertices = cone.vertices;
  const int n = static_cast<int>(vertices.cols());
  SmallMatrix units(n, n);
  for (int k = 0; k < n; ++k) units.col(k) = vertices.col(k) / vertices.col(k).norm();
  centre = units.rowwise().sum();
  centre /= centre.norm();
  double furthest = 0;
  for (int k = 0; k < n; ++k) furthest = std::max(furthest, (units.col(k) - centre).norm());
  radius = 2 * std::asin(furthest / 2);
  double longest = -1;
  for (int i = 0, edge = 0; i < n; ++i) {
    for (int j = i + 1; j < n; ++j, ++edge) {
      const double length = (units.col(i) - units.col(j)).squaredNorm();
      if (length > longest * (1 + 1e-9)) {
        longest = length;
        longest_edge = edge;
      }
    }
  }
}

/// The products and their rounding errors are summed without error into a list of numbers that do
/// not overlap, in increasing order (Shewchuk 1997): its last non-zero entry has the sign.
int exact_sign(const double* w, const double* v, int n) {
  std::array<double, 2 * most_cone_columns> parts{};
  std::size_t count = 0;
  const auto add = [&](double term) {
    for (std::size_t k = 0; k < count; ++k) {
      const double sum = parts[k] + term, rest = sum - parts[k];
      parts[k] = (parts[k] - (sum - rest)) + (term - rest);
      term = sum;
    }
    parts[count++] = term;
  };
  for (int k = 0; k < n; ++k) {
    const double product = w[k] * v[k];
    add(std::fma(w[k], v[k], -product));
    add(product);
  }
  for (std::size_t k = count; k-- > 0;) {
    if (parts[k] != 0) return parts[k] > 0 ? 1 : -1;
  }
  return 0;
}

}  // namespace gendemod
