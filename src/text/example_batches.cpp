#include "text/example_batches.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace attn {

namespace {

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

}  // namespace

ExampleBatches::ExampleBatches(const ExampleFile& file, const BatchOptions& options)
    : file_(file), options_(options), order_(static_cast<std::size_t>(file.size())) {
  if (file.size() == 0) fail("no examples to make batches of");
  if ((options.examples > 0) == (options.tokens > 0)) fail("a batch has a number of examples or a number of tokens");
  const std::int64_t wanted =
      options.examples > 0 ? divide_up(file.size(), options.examples) : divide_up(file.total(), options.tokens);
  begins_.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(wanted, 1, file.size())) + 1);
  shuffle(0);
}

std::span<const std::int64_t> ExampleBatches::batch(std::int64_t number) {
  const std::int64_t epoch = number / batches_per_epoch();
  const auto index = static_cast<std::size_t>(number % batches_per_epoch());
  if (options_.seed && epoch != epoch_) shuffle(epoch);
  const auto begin = static_cast<std::size_t>(begins_[index]), end = static_cast<std::size_t>(begins_[index + 1]);
  return std::span(order_).subspan(begin, end - begin);
}

/// Fisher and Yates, from the order of the file.
void ExampleBatches::shuffle(std::int64_t epoch) {
  std::iota(order_.begin(), order_.end(), 0);
  if (options_.seed) {
    const RandomStream random =
        RandomStream(*options_.seed, RandomPurpose::shuffle).derive(static_cast<std::uint64_t>(epoch));
    for (std::size_t i = order_.size(); i-- > 1;) std::swap(order_[i], order_[random.below(i, i + 1)]);
  }
  epoch_ = epoch;
  cut();
}

void ExampleBatches::cut() {
  const std::int64_t batches = batches_per_epoch();
  const std::int64_t share = file_.total() / batches, rest = file_.total() % batches;
  std::int64_t place = 0, tokens = 0;  // the next example, and where it begins
  for (std::int64_t i = 0; i < batches; ++i) {
    // Each batch has an example, and leaves one for each that follows.
    const std::int64_t first = i == 0 ? 0 : begins_[static_cast<std::size_t>(i) - 1] + 1;
    const std::int64_t last = file_.size() - (batches - i);
    const std::int64_t border = i * share + divide_up(i * rest, batches);  // i·total/n, rounded up
    const auto lies_before = [&] { return options_.tokens > 0 ? tokens < border : place < i * options_.examples; };
    while (place < first || (place < last && lies_before())) {
      tokens += file_.tokens(order_[static_cast<std::size_t>(place)]);
      ++place;
    }
    begins_[static_cast<std::size_t>(i)] = place;
  }
  begins_.back() = file_.size();
}

}  // namespace attn
