#include "text/text_template.h"

#include <algorithm>
#include <cstdlib>

namespace attn {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// Walks through a template; `choose(n)` decides each choice among n, `write` gets the text.
template <class Choose, class Write>
void walk(std::string_view text, const WordLists& lists, Choose choose, Write write) {
  std::map<std::string_view, std::size_t> chosen;
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find_first_of("[{"), text.size());
    write(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return;
    const std::size_t end = text.find(text[0] == '[' ? ']' : '}');
    const std::string_view inside = text.substr(1, end - 1);
    if (text[0] == '[') {
      const auto options = split(inside, '|');
      write(options[choose(options.size())]);
    } else {
      const auto name_and_form = split(inside, '.');
      const auto& words = lists.at(name_and_form[0]);
      if (!chosen.contains(name_and_form[0])) chosen[name_and_form[0]] = choose(words.size());
      const std::size_t form = name_and_form.size() > 1 ? static_cast<std::size_t>(name_and_form[1][0] - '0') : 0;
      write(split(words[chosen[name_and_form[0]]], '/').at(form));
    }
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::uint64_t count_fillings(std::string_view text, const WordLists& lists) {
  std::uint64_t count = 1;
  const auto choose = [&](std::size_t options) {
    count *= options;
    return std::size_t{0};
  };
  walk(text, lists, choose, [](std::string_view) {});
  return count;
}

std::vector<std::uint64_t> count_all_fillings(std::span<const std::string_view> texts, const WordLists& lists) {
  std::vector<std::uint64_t> counts;
  for (const std::string_view text : texts) counts.push_back(count_fillings(text, lists));
  return counts;
}

std::string fill_template(std::string_view text, const WordLists& lists, std::uint64_t number) {
  std::string filled;
  const auto choose = [&](std::size_t options) {
    const std::size_t option = number % options;
    number /= options;
    return option;
  };
  walk(text, lists, choose, [&](std::string_view part) { filled += part; });
  return filled;
}

}  // namespace attn
