// Tasks on sequences of letters and digits.

#include <algorithm>

#include "base/random.h"
#include "text/toy_data.h"

namespace attn {
namespace {

constexpr std::uint64_t kLetters = 26;
constexpr std::size_t kShortest = 3;
constexpr std::size_t kLongest = 20;
/// So many letters are told by a 64-bit number; those that follow are made from it.
constexpr std::size_t kCounted = 13;

/// A group for each length.
std::vector<std::uint64_t> word_counts() {
  std::vector<std::uint64_t> counts;
  std::uint64_t words = 1;
  for (std::size_t length = 1; length <= kLongest; ++length) {
    if (length <= kCounted) words *= kLetters;
    if (length >= kShortest) counts.push_back(words);
  }
  return counts;
}

/// The word of this length and number.
std::string word(std::size_t group, std::uint64_t number) {
  std::string letters(group + kShortest, 'a');
  std::uint64_t left = number;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (i == kCounted) left = mix64(number);
    letters[i] = static_cast<char>('a' + left % kLetters);
    left /= kLetters;
  }
  return letters;
}

ToyLine pair(std::string input, const std::string& output) {
  std::string line = input + '\t' + output;
  return {std::move(input), std::move(line)};
}

ToyLine copied(std::size_t group, std::uint64_t number) {
  const std::string letters = word(group, number);
  return pair(letters, letters);
}

ToyLine reversed(std::size_t group, std::uint64_t number) {
  const std::string letters = word(group, number);
  return pair(letters, {letters.rbegin(), letters.rend()});
}

ToyLine sorted(std::size_t group, std::uint64_t number) {
  std::string letters = word(group, number);
  std::sort(letters.begin(), letters.end());
  return pair(word(group, number), letters);
}

constexpr std::uint64_t kAddends = 100;

ToyLine added(std::size_t, std::uint64_t number) {
  const std::uint64_t a = number / kAddends;
  const std::uint64_t b = number % kAddends;
  return pair(std::to_string(a) + "+" + std::to_string(b), std::to_string(a + b));
}

constexpr std::size_t kShortestInduction = 4;
constexpr std::size_t kLongestInduction = 12;

/// Different letters, twice: every letter of the second half is found by looking for its predecessor in the first.
ToyLine repeated(std::size_t group, std::uint64_t number) {
  std::string left = "abcdefghijklmnopqrstuvwxyz";
  std::string text;
  for (std::size_t i = 0; i < group + kShortestInduction; ++i) {
    const std::size_t place = number % left.size();
    number /= left.size();
    text += left[place];
    text += ' ';
    left.erase(place, 1);
  }
  return {text, text + text.substr(0, text.size() - 1)};
}

std::vector<std::uint64_t> arrangement_counts() {
  std::vector<std::uint64_t> counts;
  std::uint64_t arrangements = 1;
  for (std::size_t length = 1; length <= kLongestInduction; ++length) {
    arrangements *= kLetters - length + 1;
    if (length >= kShortestInduction) counts.push_back(arrangements);
  }
  return counts;
}

}  // namespace

ToyTask copy_task() {
  return {"copy", "letters and the same letters", word_counts(), copied};
}
ToyTask reverse_task() {
  return {"reverse", "letters and the same from back to front", word_counts(), reversed};
}
ToyTask sort_task() {
  return {"sort", "letters and the same in order", word_counts(), sorted};
}

ToyTask add_task() {
  return {"add", "a sum of two numbers below 100", {kAddends * kAddends}, added};
}

ToyTask induction_task() {
  return {"induction", "different letters, twice: what followed last time follows again", arrangement_counts(),
          repeated};
}

}  // namespace attn
