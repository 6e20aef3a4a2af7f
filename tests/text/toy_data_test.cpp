#include "text/toy_data.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "text/text_template.h"

namespace attn {
namespace {

std::vector<std::string> lines_of(std::string_view task, std::int64_t count, std::uint64_t seed, ToyPart part) {
  std::vector<std::string> lines;
  make_toy_data(find_toy_task(task), count, seed, part, [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

TEST_CASE("toy data: as many different lines as asked for, the same for the same seed, parts apart") {
  for (const ToyTask& task : toy_tasks()) {
    CAPTURE(task.name);
    const auto lines = lines_of(task.name, 500, 7, ToyPart::train);
    CHECK(lines.size() == 500);
    CHECK(std::set<std::string>(lines.begin(), lines.end()).size() == 500);
    CHECK(lines == lines_of(task.name, 500, 7, ToyPart::train));
    CHECK(lines != lines_of(task.name, 500, 8, ToyPart::train));
    std::set<std::string> all(lines.begin(), lines.end());
    for (const ToyPart part : {ToyPart::valid, ToyPart::test}) {
      const auto others = lines_of(task.name, 300, 9, part);
      for (const std::string& line : others) CHECK(all.insert(line).second);
    }
    for (const std::string& line : lines) CHECK(line.find('\n') == std::string::npos);
  }
}

TEST_CASE("toy data: the parts together are all lines that exist") {
  std::set<std::string> all;
  std::size_t count = 0;
  for (const auto& [part, size] : {std::pair{ToyPart::train, 8'000}, {ToyPart::valid, 1'000}, {ToyPart::test, 1'000}}) {
    std::string message;
    try {
      lines_of("add", 20'000, 1, part);
    } catch (const Error& error) {
      message = error.what();
    }
    const std::string before = "of the task add only ";
    REQUIRE(message.starts_with(before));
    const std::int64_t exist = std::stoll(message.substr(before.size()));
    CHECK(std::abs(exist - size) < 200);
    const auto lines = lines_of("add", exist, 3, part);
    count += lines.size();
    all.insert(lines.begin(), lines.end());
  }
  CHECK(count == 10'000);
  CHECK(all.size() == 10'000);
}

TEST_CASE("toy data: what the lines say is true") {
  const auto split = [](const std::string& line) {
    const std::size_t tab = line.find('\t');
    return std::pair(line.substr(0, tab), line.substr(tab + 1));
  };
  for (const std::string& line : lines_of("reverse", 50, 1, ToyPart::train)) {
    const auto [input, output] = split(line);
    CHECK(std::string(input.rbegin(), input.rend()) == output);
  }
  for (const std::string& line : lines_of("sort", 50, 1, ToyPart::train)) {
    auto [input, output] = split(line);
    std::sort(input.begin(), input.end());
    CHECK(input == output);
  }
  for (const std::string& line : lines_of("add", 50, 1, ToyPart::train)) {
    const auto [input, output] = split(line);
    CHECK(std::stoi(input) + std::stoi(input.substr(input.find('+'))) == std::stoi(output));
  }
  for (const std::string& line : lines_of("induction", 50, 1, ToyPart::train)) {
    CHECK(line.substr(0, line.size() / 2) == line.substr(line.size() / 2 + 1));
  }
  const ToyTask dates = dates_task();
  CHECK(dates.make(0, 0).line == "January 1, 1900\t1900-01-01");
  CHECK(dates.make(3, 59).line == "the 1st of March 1900\t1900-03-01");
  CHECK(dates.make(4, dates.group_sizes[4] - 1).line == "31.12.2099\t2099-12-31");
}

TEST_CASE("toy data: words to copy, reverse and sort have 3 to 20 letters, long ones vary to their ends") {
  std::set<std::size_t> lengths;
  std::set<std::string> endings;
  for (const std::string& line : lines_of("reverse", 2000, 1, ToyPart::train)) {
    const std::size_t length = line.find('\t');
    REQUIRE(line.size() == 2 * length + 1);
    lengths.insert(length);
    if (length == 20) endings.insert(line.substr(13, 7));
  }
  CHECK(lengths.size() == 18);
  CHECK(*lengths.begin() == 3);
  CHECK(*lengths.rbegin() == 20);
  CHECK(endings.size() > 80);
}

TEST_CASE("toy data: summaries are one sentence about three to five, made of what they say") {
  for (const std::string& line : lines_of("summaries", 2000, 1, ToyPart::train)) {
    CAPTURE(line);
    const std::size_t tab = line.find('\t');
    REQUIRE(tab != std::string::npos);
    const auto sentences = std::count(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(tab), '.');
    CHECK(sentences >= 3);
    CHECK(sentences <= 5);
    CHECK(line[tab - 1] == '.');
    CHECK(std::count(line.begin() + static_cast<std::ptrdiff_t>(tab), line.end(), '.') == 1);
    CHECK(line.back() == '.');
    CHECK(line.find_first_of("[]{}|/") == std::string::npos);
  }
}

TEST_CASE("toy data: templates number their fillings") {
  const WordLists lists = {{"who", {"Ann/she", "Bob/he"}}};
  const std::string_view text = "{who} [ran|sat], and {who.1} [slept|ate|sang].";
  REQUIRE(count_fillings(text, lists) == 12);
  std::set<std::string> all;
  for (std::uint64_t number = 0; number < 12; ++number) all.insert(fill_template(text, lists, number));
  CHECK(all.size() == 12);
  CHECK(all.contains("Bob sat, and he sang."));
  CHECK_THROWS_AS(find_toy_task("nothing"), Error);
}

}  // namespace
}  // namespace attn
