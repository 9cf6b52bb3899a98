#include "cholesky.hpp"
#include "lanczos.hpp"
#include "launch.hpp"
#include "spectral.hpp"

namespace gendemod::cuda {

SpectralNorms::SpectralNorms(Index most, Index cols)
    : cols_(cols),
      matrices_(static_cast<std::size_t>(most * order() * order())),
      factors_(2 * matrices_.size()),
      vectors_(static_cast<std::size_t>(most * 3 * order())),
      states_(static_cast<std::size_t>(most)),
      proven_(static_cast<std::size_t>(2 * most)),
      open_(1) {
}

template <int threads>
void SpectralNorms::guess(Queue& queue, Index count) {
  launch(queue, count, GuessNorms<threads>{matrices(), cols_, order(), vectors_.data(), states()});
}

void SpectralNorms::find(Queue& queue, Index count) {
  if (cols_ <= 32) {
    guess<32>(queue, count);
  } else if (cols_ <= 256) {
    guess<128>(queue, count);
  } else {
    guess<256>(queue, count);
  }
  for (int open = 1; open > 0;) {
    launch(queue, 2 * count,
           ProveBounds{matrices(), order(), states(), factors_.data(), proven_.data()});
    launch(queue, 1, NarrowBrackets{proven_.data(), count, states(), open_.data()});
    open_.download(queue, &open);
  }
}

void SpectralNorms::download(Queue& queue, Index count, double* out, Index stride) const {
  std::vector<NormState> found(static_cast<std::size_t>(count));
  queue.download(states(), found.data(), found.size() * sizeof(NormState));
  for (Index i = 0; i < count; ++i) out[i * stride] = found[static_cast<std::size_t>(i)].value;
}

}  // namespace gendemod::cuda
