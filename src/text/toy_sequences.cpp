// Tasks on sequences of letters and digits.

#include <algorithm>

#include "text/toy_data.h"

namespace attn {
namespace {

constexpr std::uint64_t kLetters = 26;
constexpr std::size_t kShortest = 3;
constexpr std::size_t kLongest = 12;

/// A group for each length.
std::vector<std::uint64_t> word_counts() {
  std::vector<std::uint64_t> counts;
  std::uint64_t words = 1;
  for (std::size_t length = 1; length <= kLongest; ++length) {
    words *= kLetters;
    if (length >= kShortest) counts.push_back(words);
  }
  return counts;
}

/// The word of this length and number.
std::string word(std::size_t group, std::uint64_t number) {
  std::string letters(group + kShortest, 'a');
  for (char& letter : letters) {
    letter = static_cast<char>('a' + number % kLetters);
    number /= kLetters;
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

/// Numbers of one, two and three digits: where they begin and how many there are.
constexpr std::uint64_t kFirst[] = {0, 10, 100};
constexpr std::uint64_t kCount[] = {10, 90, 900};

/// A group for each pair of lengths.
ToyLine added(std::size_t group, std::uint64_t number) {
  const std::size_t left = group / 3;
  const std::size_t right = group % 3;
  const std::uint64_t a = kFirst[left] + number / kCount[right];
  const std::uint64_t b = kFirst[right] + number % kCount[right];
  return pair(std::to_string(a) + "+" + std::to_string(b), std::to_string(a + b));
}

constexpr std::size_t kShortestInduction = 4;

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
  for (std::size_t length = 1; length <= kLongest; ++length) {
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
  std::vector<std::uint64_t> sizes;
  for (const std::uint64_t left : kCount) {
    for (const std::uint64_t right : kCount) sizes.push_back(left * right);
  }
  return {"add", "a sum of two numbers below 1000", std::move(sizes), added};
}

ToyTask induction_task() {
  return {"induction", "different letters, twice: what followed last time follows again", arrangement_counts(),
          repeated};
}

}  // namespace attn
