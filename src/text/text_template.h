#pragma once
// Sentences with choices, numbered: for toy data.
//
//   [one|another]   a choice
//   {place}         a word of the list "place", the same one wherever the template says {place}
//   {place.1}       the second form of that word: forms are separated by slashes in the list ("Anna/she/her")

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attn {

using WordLists = std::map<std::string_view, std::vector<std::string_view>>;

/// In how many ways the template can be filled.
std::uint64_t count_fillings(std::string_view text, const WordLists& lists);
/// The same for each of several templates.
std::vector<std::uint64_t> count_all_fillings(std::span<const std::string_view> texts, const WordLists& lists);
/// The filling of this number, below count_fillings().
std::string fill_template(std::string_view text, const WordLists& lists, std::uint64_t number);

}  // namespace attn
