// Cones without Python: exact signs, halves that cover, trees that grow.
#include <cmath>
#include <stdexcept>

#include "checks.hpp"
#include "gendemod/cone_rows.hpp"
#include "gendemod/pair_tree.hpp"

using namespace gendemod;

namespace {

void test_signs_are_exact_where_rounding_is_not() {
  const double w[] = {1, 1e17, -1e17}, v[] = {0x1p-30, 1, 1};
  CHECK(exact_sign(w, v, 3) == 1);
  const double tie[] = {3, -1.5, 0}, u[] = {0.1, 0.2, 7};
  CHECK(exact_sign(tie, u, 3) == 0);
  const double third = 1.0 / 3, near[] = {third, -1, 0}, z[] = {3, std::nextafter(1.0, 2.0), 0};
  CHECK(exact_sign(near, z, 3) == -1);
  const double minus[] = {-1, 0, 0};
  CHECK(exact_sign(minus, z, 3) == -1);
}

/// The rows that are on at a combination of the vertices are between those that are surely on and
/// those that are maybe on.
void test_patterns_hold_at_every_direction_of_a_cone() {
  const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> W =
      Eigen::MatrixXd::Random(37, 3);
  const ConeRows rows({W.data(), 37, 3});
  Cone cone = Cone::orthant(3, 5);
  RowPattern of_cone(rows.whole_rows()), of_point(rows.whole_rows());
  for (int k = 0; k < 12; ++k) {
    rows.pattern(cone, of_cone);
    for (int sample = 0; sample < 20; ++sample) {
      const Eigen::Vector3d share = Eigen::Vector3d::Random().cwiseAbs();
      const Eigen::Vector3d x = cone.vertices * share;
      rows.pattern(x.data(), of_point);
      for (Index i = 0; i < 37; ++i) {
        const bool on = W.row(i).dot(x) > 0;
        CHECK((of_point.sure.data()[i] > 0) == on && (of_point.maybe.data()[i] > 0) == on);
        CHECK(of_cone.sure.data()[i] <= of_point.sure.data()[i]);
        CHECK(of_cone.maybe.data()[i] >= of_point.maybe.data()[i]);
      }
    }
    CHECK(cone.halve(ConeMeasure(cone).longest_edge, k % 2 == 0));
  }
}

void test_an_edge_is_halved_as_long_as_its_middle_is_exact() {
  Cone cone = Cone::orthant(2, 0);
  int halvings = 0;
  while (cone.halve(0, false)) ++halvings;
  CHECK(halvings > 40 && halvings < 60);
}

void test_a_tree_grows_in_place_of_its_leaves() {
  PairTree tree = PairTree::of_orthants(1);  // three pairs
  CHECK((tree.codes() == PairCodes{1, 0, 0, 0}));
  PairTree plane = PairTree::of_orthants(2);
  const PairCodes before = plane.codes();
  CHECK(before.size() == 11);
  const std::size_t at = plane.grow(2, {1, 0, 0});  // the second pair: not diagonal, two parts
  plane.grow(at + 2, {2, 0, 0});
  const PairCodes after = plane.codes();
  CHECK((after == PairCodes{1, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
  int leaves = 0;
  walk(after, 2, [&](std::size_t place, const ConePair&) { leaves += after[place] == 0 ? 1 : 7; });
  CHECK(leaves == 12);
}

void test_what_is_no_tree_is_refused() {
  const auto refused = [](const PairCodes& codes) {
    try {
      walk(codes, 2, [](std::size_t, const ConePair&) {});
    } catch (const std::invalid_argument&) {
      return true;
    }
    return false;
  };
  CHECK(!refused({0}));
  CHECK(refused({}) && refused({2}) && refused({0, 0}) && refused({1}) && refused({1, 0}));
  PairCodes codes = PairTree::of_orthants(2).codes();
  CHECK(!refused(codes));
  codes[2] = 3;
  CHECK(refused(codes));
}

}  // namespace

int main() {
  test_signs_are_exact_where_rounding_is_not();
  test_patterns_hold_at_every_direction_of_a_cone();
  test_an_edge_is_halved_as_long_as_its_middle_is_exact();
  test_a_tree_grows_in_place_of_its_leaves();
  test_what_is_no_tree_is_refused();
}
