#include "text/toy_data.h"

#include <bit>

#include "base/error.h"
#include "base/random.h"
#include "base/suggest.h"
#include "text/vocabulary.h"

namespace attn {
namespace {

ToyPart part_of(const ToyLine& line) {
  constexpr std::uint64_t kParts = 10;
  const std::uint64_t tenth = mix64(hash_bytes(line.input)) % kParts;
  return tenth == 0 ? ToyPart::valid : tenth == 1 ? ToyPart::test : ToyPart::train;
}

/// The numbers below `size` in a random order, each found from its place: a Feistel network over the next even number
/// of bits, walked until it falls below `size`.
class Shuffle {
 public:
  Shuffle(std::uint64_t size, RandomStream random)
      : size_(size), half_bits_(static_cast<int>(std::bit_width(size - 1) + 1) / 2), random_(random) {}

  std::uint64_t operator()(std::uint64_t place) const {
    do {
      place = permute(place);
    } while (place >= size_);
    return place;
  }

 private:
  std::uint64_t permute(std::uint64_t value) const {
    constexpr std::uint64_t kRounds = 4;
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    std::uint64_t left = value >> half_bits_;
    std::uint64_t right = value & mask;
    for (std::uint64_t round = 0; round < kRounds; ++round) {
      const std::uint64_t next = left ^ (random_.derive(round).bits(right) & mask);
      left = right;
      right = next;
    }
    return left << half_bits_ | right;
  }

  std::uint64_t size_;
  int half_bits_;
  RandomStream random_;
};

/// What is left of one group.
struct Group {
  std::size_t index;
  std::uint64_t size;
  Shuffle shuffle;
  std::uint64_t used = 0;
};

/// Counts the lines of a part where there may be too few. A part has a tenth of all lines at least, or very nearly.
void check_enough_exist(const ToyTask& task, std::int64_t count, ToyPart part) {
  std::uint64_t all = 0;
  for (const std::uint64_t size : task.group_sizes) all += size;
  if (all / 20 > static_cast<std::uint64_t>(count)) return;
  std::int64_t exist = 0;
  for (std::size_t group = 0; group < task.group_sizes.size(); ++group) {
    for (std::uint64_t number = 0; number < task.group_sizes[group]; ++number) {
      exist += part_of(task.make(group, number)) == part;
      if (exist >= count) return;
    }
  }
  fail("of the task ", task.name, " only ", exist, " different lines of this part exist, ", count, " were asked for");
}

}  // namespace

std::span<const ToyTask> toy_tasks() {
  static const std::vector<ToyTask> tasks = {copy_task(),  reverse_task(),   sort_task(),    add_task(),
                                             dates_task(), induction_task(), stories_task(), reviews_task(),
                                             en_es_task(), summaries_task()};
  return tasks;
}

const ToyTask& find_toy_task(std::string_view name) {
  std::string list;
  std::vector<std::string> names;
  for (const ToyTask& task : toy_tasks()) {
    if (task.name == name) return task;
    list += (list.empty() ? "" : ", ") + std::string(task.name);
    names.emplace_back(task.name);
  }
  usage_error("there is no task '", name, "', expected one of ", list, did_you_mean(name, names));
}

std::string toy_example(const ToyTask& task) {
  std::string example;
  make_toy_data(task, 1, 1, ToyPart::train, [&](std::string_view line) { example = line; });
  return example;
}

void make_toy_data(const ToyTask& task, std::int64_t count, std::uint64_t seed, ToyPart part,
                   const std::function<void(std::string_view line)>& give) {
  check_enough_exist(task, count, part);
  const RandomStream random(seed, RandomPurpose::data);
  std::vector<Group> groups;
  for (std::size_t i = 0; i < task.group_sizes.size(); ++i) {
    groups.push_back({i, task.group_sizes[i], Shuffle(task.group_sizes[i], random.derive(i))});
  }
  std::int64_t made = 0;
  for (std::uint64_t draw = 0; made < count; ++draw) {
    const std::uint64_t chosen = random.below(draw, groups.size());
    Group& group = groups[chosen];
    const ToyLine line = task.make(group.index, group.shuffle(group.used++));
    if (group.used == group.size) groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(chosen));
    if (part_of(line) != part) continue;
    give(line.line);
    ++made;
  }
}

}  // namespace attn
