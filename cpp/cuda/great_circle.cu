#include <algorithm>

#include "circle_search.hpp"
#include "directions.hpp"
#include "great_circle.hpp"
#include "spectral.hpp"

namespace gendemod::cuda {
namespace {

/// Circles that are searched at a time.
class Circles {
 public:
  Circles(Index most, const PaddedRows<double>& rows)
      : walls_(power_of_two(rows.rows)),
        order_(SpectralNorms::order(rows.cols)),
        angles_(size(2 * most, walls_)),
        edges_(size(2 * most, walls_ + 2)),
        mixed_(size(2 * most, 1)),
        matrices_(size(most, (3 * depth() + 2) * order_ * order_)),
        vectors_(size(most, 5 * order_)),
        codes_(size(2 * most, walls_)),
        begins_(size(2 * most, walls_ + 3)),
        cells_(size(2 * most, 1)),
        found_(size(most, 1)) {}

  CircleWalls walls() const {
    return {walls_,         angles_.data(), codes_.data(), edges_.data(),
            begins_.data(), cells_.data(),  mixed_.data()};
  }
  /// out (count, 3).
  void search(Queue& queue, const PaddedRows<double>& rows, const Directions<double>& x,
              const Directions<double>& s, const Directions<double>& u, bool through, double alpha,
              Index count, double* out) const {
    launch(queue, 2 * count,
           FindWalls{rows, x.view(), x.values(), through ? nullptr : s.values(), u.values(),
                     x.view().rows, s.view().rows, u.view().rows, walls()});
    launch(queue, count,
           CircleSearch{{rows, x.view(), s.view(), u.view(), walls(), through, alpha, order_,
                         depth(), matrices_.data(), vectors_.data()},
                        found_.data()});
    static_assert(sizeof(CircleSupremum) == 3 * sizeof(double));
    queue.download(found_.data(), out, static_cast<std::size_t>(count) * sizeof(CircleSupremum));
  }

  static Index bytes(const PaddedRows<double>& rows) {
    const Index walls = power_of_two(rows.rows), order = SpectralNorms::order(rows.cols);
    return 48 * (walls + 3) + 8 * order * (5 + order * (3 * depth(walls) + 2)) + 48;
  }

 private:
  static std::size_t size(Index a, Index b) { return static_cast<std::size_t>(a * b); }
  static Index power_of_two(Index least) {
    Index power = 1;
    while (power < least) power *= 2;
    return power;
  }
  /// Blocks of cells on the stack: one for each halving of at most walls + 1 cells, and the first.
  static Index depth(Index walls) {
    Index levels = 2;
    for (Index cells = walls + 1; cells > 1; cells = (cells + 1) / 2) ++levels;
    return levels;
  }
  Index depth() const { return depth(walls_); }

  Index walls_, order_;
  Array<double> angles_, edges_, mixed_, matrices_, vectors_;
  Array<int> codes_, begins_, cells_;
  Array<CircleSupremum> found_;
};

}  // namespace

void great_circles(const HostRows<double>& W, const HostRows<double>& X, const HostRows<double>& S,
                   const HostRows<double>& U, bool through, double alpha, Index count,
                   double* out) {
  Queue queue;
  const OwnedRows<double> owned(queue, W, 0, W.rows);
  const PaddedRows<double> rows = owned.view();
  const Index circle = Circles::bytes(rows) + 3 * Directions<double>::bytes(rows, true);
  const Index group = group_size(static_cast<std::size_t>(circle), count);
  const Circles circles(group, rows);
  for (Index first = 0; first < count; first += group) {
    const Index size = std::min(group, count - first);
    const Directions<double> x(queue, rows, X, first, size, true);
    const Directions<double> s(queue, rows, S, first, size, true);
    const Directions<double> u(queue, rows, U, first, size, true);
    circles.search(queue, rows, x, s, u, through, alpha, size, out + 3 * first);
  }
}

}  // namespace gendemod::cuda
