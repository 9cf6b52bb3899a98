#include <stdexcept>

#include "damped_solve.hpp"
#include "gram.hpp"
#include "launch.hpp"
#include "normal_equations.hpp"

namespace gendemod::cuda {

NormalEquations::NormalEquations(Queue& queue, Index problems, Index cols, Index tiles)
    : queue_(&queue), problems_(problems), tiles_(tiles), shape_(cols + 1) {
  if (cols > most_cols) {
    throw std::invalid_argument(
        "`solver` must be AlternatingDescent() on the device unless h and m have at most " +
        std::to_string(most_cols) +
        " coordinates in all because Levenberg-Marquardt makes their Gram matrix in shared memory; "
        "got " +
        std::to_string(cols));
  }
  const auto count = static_cast<std::size_t>(problems);
  const auto width = static_cast<std::size_t>(cols);
  const auto entries = static_cast<std::size_t>(GramShape::entries * shape_.squares);
  parts_ = Array<double>(count * static_cast<std::size_t>(GramShape::groups(tiles)) * entries);
  gram_ = Array<double>(count * (width + 1) * (width + 1));
  factor_ = Array<double>(gram_.size());
  step_ = Array<double>(count * width);
  promised_ = Array<double>(count);
  solved_ = Array<int>(count);
}

double NormalEquations::bytes(Index cols, Index tiles) {
  const auto width = static_cast<double>(cols + 1);
  const auto groups = static_cast<double>(GramShape::groups(tiles));
  const auto entries = static_cast<double>(GramShape::entries * GramShape(cols + 1).squares);
  return sizeof(double) * (groups * entries + 2 * width * width + 2 * width);
}

template <class T>
void NormalEquations::form(const Linearisation<T>& at, const int* active) {
  const Index groups = GramShape::groups(tiles_);
  launch(*queue_, problems_ * groups * shape_.shares,
         GramParts<T>{active, at, shape_, parts_.data()});
  const GramSum sum{active, shape_, groups, parts_.data(), gram_.data()};
  launch(*queue_, problems_ * sum.blocks_each(), sum);
}

void NormalEquations::solve(const double* damping, const double* along, const int* active) {
  launch(*queue_, problems_,
         DampedSolve{active, shape_.cols - 1, gram_.data(), along, damping, factor_.data(),
                     step_.data(), promised_.data(), solved_.data()});
}

template void NormalEquations::form(const Linearisation<float>&, const int*);
template void NormalEquations::form(const Linearisation<double>&, const int*);

}  // namespace gendemod::cuda
