#pragma once
// Data for toy tasks, made here: sequences to copy, reverse and sort, sums, dates, short stories, reviews, sentences to
// translate, paragraphs to summarise.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attn {

/// One line, and the part of it that a model is given: two lines with the same input are in the same part.
struct ToyLine {
  std::string input, line;
};

/// A task draws each line from one of several groups (lengths, plots), all equally often. A group's lines are counted,
/// so that each can be made from its number and none comes twice.
struct ToyTask {
  std::string_view name;
  std::string_view summary;
  std::vector<std::uint64_t> group_sizes;
  ToyLine (*make)(std::size_t group, std::uint64_t number);
};

/// Training data are eight tenths of all lines that exist, validation and test data a tenth each, by the input's hash.
enum class ToyPart { train, valid, test };

/// All tasks.
std::span<const ToyTask> toy_tasks();
/// By name. Throws Error that lists the names.
const ToyTask& find_toy_task(std::string_view name);
/// A line as an example of the task.
std::string toy_example(const ToyTask& task);

/// Gives `count` different lines of a part in the order of the seed. Throws Error saying how many exist if there are
/// fewer.
void make_toy_data(const ToyTask& task, std::int64_t count, std::uint64_t seed, ToyPart part,
                   const std::function<void(std::string_view line)>& give);

/// The tasks' groups, each in a file of its own.
ToyTask copy_task();
ToyTask reverse_task();
ToyTask sort_task();
ToyTask add_task();
ToyTask dates_task();
ToyTask induction_task();
ToyTask stories_task();
ToyTask reviews_task();
ToyTask en_es_task();
ToyTask summaries_task();

}  // namespace attn
