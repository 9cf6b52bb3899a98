#include "gendemod/pair_tree.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace gendemod {
namespace {

/// Adds the parts of a pair that a code splits it into, the first one last; false for a code that
/// means nothing there.
bool push_children(const ConePair& pair, int code, std::vector<ConePair>& waiting) {
  const int edges = Cone::edges(static_cast<int>(pair.x.vertices.cols()));
  const bool first = code <= edges;
  const int edge = code - 1 - (first ? 0 : edges);
  if (edge >= edges || (pair.diagonal && !first)) return false;
  Cone halves[2] = {first ? pair.x : pair.y, first ? pair.x : pair.y};
  if (!halves[0].halve(edge, false) || !halves[1].halve(edge, true)) return false;
  for (int half = 1; half >= 0; --half) {
    if (pair.diagonal) {
      for (int other = 1; other >= half; --other) {
        waiting.push_back({halves[half], halves[other], half == other});
      }
    } else if (first) {
      waiting.push_back({halves[half], pair.y, false});
    } else {
      waiting.push_back({pair.x, halves[half], false});
    }
  }
  return true;
}

}  // namespace

void walk(const PairCodes& codes, int n,
          const std::function<void(std::size_t, const ConePair&)>& leaf) {
  const auto check = [](bool good) {
    if (!good) throw std::invalid_argument("not a tree of pairs of cones");
  };
  check(!codes.empty() && codes[0] <= 1);
  std::vector<ConePair> waiting;  // the next pair last
  if (codes[0] == 1) {
    for (unsigned a = 1u << n; a-- > 0;) {
      for (unsigned b = 1u << n; b-- > a;) {
        waiting.push_back({Cone::orthant(n, a), Cone::orthant(n, b), a == b});
      }
    }
  }
  for (std::size_t place = 1; place < codes.size(); ++place) {
    check(!waiting.empty());
    const ConePair pair = std::move(waiting.back());
    waiting.pop_back();
    if (codes[place] == 0) {
      leaf(place, pair);
    } else {
      check(push_children(pair, codes[place], waiting));
    }
  }
  check(waiting.empty());
}

PairTree PairTree::of_orthants(int n) {
  PairCodes codes(1 + (std::size_t{1} << (n - 1)) * ((std::size_t{1} << n) + 1), 0);
  codes[0] = 1;
  return PairTree(std::move(codes));
}

std::size_t PairTree::grow(std::size_t place, const PairCodes& subtree) {
  const std::size_t first = codes_.size();
  codes_.insert(codes_.end(), subtree.begin(), subtree.end());
  links_.push_back({place, first, codes_.size()});
  return first;
}

PairCodes PairTree::codes() const {
  const std::size_t end = links_.empty() ? codes_.size() : links_.front().first;
  std::vector<Link> links = links_;
  std::sort(links.begin(), links.end(),
            [](const Link& p, const Link& q) { return p.place < q.place; });
  const auto before = [](const Link& link, std::size_t place) { return link.place < place; };
  std::vector<std::pair<std::size_t, std::size_t>> ranges{{0, end}};  // the innermost last
  PairCodes out;
  out.reserve(codes_.size());
  while (!ranges.empty()) {
    auto& [next, last] = ranges.back();
    if (next == last) {
      ranges.pop_back();
      continue;
    }
    const std::size_t place = next++;
    const auto link = std::lower_bound(links.begin(), links.end(), place, before);
    if (link != links.end() && link->place == place) {
      ranges.emplace_back(link->first, link->last);
    } else {
      out.push_back(codes_[place]);
    }
  }
  return out;
}

}  // namespace gendemod
