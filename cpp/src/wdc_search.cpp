#include "gendemod/wdc_search.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "gendemod/parallel.hpp"

namespace gendemod {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

WdcSearch::WdcSearch(const RowMajorView<double>& W, double alpha, std::uint64_t seed)
    : rows_(W), alpha_(alpha), seed_(seed) {
}

bool WdcSearch::run(Index climbs, int threads, double seconds) {
  const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                           std::chrono::duration<double>(seconds));
  const auto workers = static_cast<std::size_t>(
      std::min<Index>(resolve_threads(threads), std::max<Index>(climbs, 1)));
  at_work_.resize(std::max(workers, at_work_.size()));
  parallel_workers(static_cast<int>(at_work_.size()), [&](int worker) {
    auto& climb = at_work_[static_cast<std::size_t>(worker)];
    do {
      if (!climb) {
        const Index number = next_++;
        if (number >= climbs) {
          --next_;
          return;
        }
        climb = std::make_unique<WdcClimb>(rows_, alpha_, seed_, number);
      }
      if (climb->ended()) {
        keep(*climb);
        climb.reset();
        ++done_;
      } else {
        climb->step();
      }
    } while (Clock::now() < deadline);
  });
  return done_ >= climbs;
}

/// Of equals, the one of the first climb is kept, whichever thread comes first.
void WdcSearch::keep(WdcClimb& climb) {
  Witness found = climb.result();
  const std::lock_guard<std::mutex> lock(keeping_);
  const bool first = found.value == best_.value && climb.number() < best_climb_;
  if (found.value > best_.value || first) {
    best_ = std::move(found);
    best_climb_ = climb.number();
  }
}

Witness WdcSearch::best() {
  for (const auto& climb : at_work_) {
    if (climb) keep(*climb);
  }
  return best_;
}

}  // namespace gendemod
