#include "text/line_split.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"

namespace attn {

namespace {

constexpr double kFraction = 0.05;
constexpr std::size_t kFewestLines = 20;

}  // namespace

std::uint64_t LineSplit::hash_of(std::string_view line) {
  std::uint64_t hash = line.size();
  for (const char c : line) hash = mix64(hash ^ static_cast<unsigned char>(c));
  return hash;
}

void LineSplit::finish(std::optional<double> fraction) {
  const double wanted = std::ceil(fraction.value_or(kFraction) * static_cast<double>(hashes_.size()));
  if (hashes_.size() >= kFewestLines && wanted > 0) {
    // Equal lines have equal hashes, so all copies of a line end up on the same side. One is left to train on.
    const auto held_out = std::min(static_cast<std::ptrdiff_t>(wanted), std::ssize(hashes_) - 1);
    const auto border = hashes_.begin() + held_out;
    std::nth_element(hashes_.begin(), border, hashes_.end());
    const bool any_below = std::any_of(hashes_.begin(), border, [&](std::uint64_t hash) { return hash < *border; });
    below_ = any_below ? *border : 0;
  }
  hashes_ = {};
}

}  // namespace attn
