// How each type of option reads and writes its value.

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/error.h"
#include "base/options.h"

namespace attn {

namespace {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
std::string number_text(T value) {
  std::array<char, 64> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), result.ptr);
}

/// " from 1 to 8", " of at least 1", " above 0", …
std::string range_text(const OptionText& text) {
  if (text.minimum && text.maximum && !text.above_minimum) {
    return concat(" from ", number_text(*text.minimum), " to ", number_text(*text.maximum));
  }
  std::string result;
  if (text.minimum) result = concat(text.above_minimum ? " above " : " of at least ", number_text(*text.minimum));
  if (text.maximum) result += concat(text.minimum ? " and" : " of", " at most ", number_text(*text.maximum));
  return result;
}

bool in_range(double value, const OptionText& text) {
  if (text.minimum && (text.above_minimum ? value <= *text.minimum : value < *text.minimum)) return false;
  return !text.maximum || value <= *text.maximum;
}

template <class T>
bool read_number(std::string_view value, const OptionText& text, T& variable) {
  T number{};
  const char* const end = value.data() + value.size();
  const auto [stop, error] = std::from_chars(value.data(), end, number);
  if (error != std::errc() || stop != end) return false;
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(number)) return false;
  }
  if (!in_range(static_cast<double>(number), text)) return false;
  variable = number;
  return true;
}

// One overload of each of these three for every type an option can have.

template <class T>
bool read_value(std::string_view value, const OptionText& text, T& variable) {
  return read_number(value, text, variable);
}
bool read_value(std::string_view value, const OptionText&, bool& variable) {
  for (const std::string_view yes : {"true", "yes", "on", "1"}) {
    if (value == yes) return variable = true;
  }
  for (const std::string_view no : {"false", "no", "off", "0"}) {
    if (value == no) return !(variable = false);
  }
  return false;
}
bool read_value(std::string_view value, const OptionText&, std::string& variable) {
  variable = value;
  return true;
}
bool read_value(std::string_view value, const OptionText& text, Seconds& variable) {
  const auto duration = parse_duration(value);
  if (!duration || !in_range(duration->count(), text)) return false;
  variable = *duration;
  return true;
}
bool read_value(std::string_view value, const OptionText&, std::vector<std::string>& variable) {
  variable.emplace_back(value);
  return true;
}
bool read_value(std::string_view value, const OptionText& text, std::vector<int>& variable) {
  std::vector<int> numbers;
  while (true) {
    const std::size_t comma = value.find(',');
    if (!read_number(value.substr(0, comma), text, numbers.emplace_back())) return false;
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
  variable = std::move(numbers);
  return true;
}
template <class T>
bool read_value(std::string_view value, const OptionText& text, std::optional<T>& variable) {
  T read{};
  if (!read_value(value, text, read)) return false;
  variable = std::move(read);
  return true;
}

template <class T>
std::vector<std::string> write_value(const T& value) {
  return {number_text(value)};
}
std::vector<std::string> write_value(bool value) {
  return {value ? "true" : "false"};
}
std::vector<std::string> write_value(const std::string& value) {
  return value.empty() ? std::vector<std::string>{} : std::vector<std::string>{value};
}
std::vector<std::string> write_value(Seconds value) {
  return {format_duration(value)};
}
std::vector<std::string> write_value(const std::vector<std::string>& value) {
  return value;
}
std::vector<std::string> write_value(const std::vector<int>& value) {
  std::string joined;
  for (const int number : value) joined += (joined.empty() ? "" : ",") + number_text(number);
  return joined.empty() ? std::vector<std::string>{} : std::vector<std::string>{joined};
}
template <class T>
std::vector<std::string> write_value(const std::optional<T>& value) {
  return value ? write_value(*value) : std::vector<std::string>{};
}

template <class T>
std::string expected_value(const T&, const OptionText& text) {
  const bool from_zero = std::is_unsigned_v<T> && !text.minimum && !text.maximum;
  return (std::is_integral_v<T> ? "a whole number" : "a number") + (from_zero ? " of at least 0" : range_text(text));
}
std::string expected_value(bool, const OptionText&) {
  return "true or false";
}
std::string expected_value(const std::string&, const OptionText&) {
  return "a text";
}
std::string expected_value(Seconds, const OptionText&) {
  return "a duration such as 90s, 10m or 1h30m";
}
std::string expected_value(const std::vector<std::string>&, const OptionText&) {
  return "a text";
}
std::string expected_value(const std::vector<int>&, const OptionText& text) {
  return "whole numbers" + range_text(text) + ", separated by commas";
}
template <class T>
std::string expected_value(const std::optional<T>&, const OptionText& text) {
  return expected_value(T{}, text);
}

}  // namespace

template <class T>
void OptionTable::add_value(T& variable, const OptionText& text) {
  Option option;
  option.is_flag = std::is_same_v<T, bool> || std::is_same_v<T, std::optional<bool>>;
  option.is_list = std::is_same_v<T, std::vector<std::string>>;
  option.expected = expected_value(variable, text);
  option.read = [&variable, text](std::string_view value) { return read_value(value, text, variable); };
  option.write = [&variable] { return write_value(variable); };
  option.clear = [&variable] { variable = T{}; };
  add_option(std::move(option), &variable, text);
}

void OptionTable::add(bool& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(int& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::int64_t& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::uint64_t& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(float& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(double& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::string& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(Seconds& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::optional<int>& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::optional<std::int64_t>& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::optional<std::uint64_t>& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::optional<float>& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::optional<double>& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::optional<std::string>& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::optional<Seconds>& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::optional<bool>& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::vector<std::string>& variable, OptionText text) {
  add_value(variable, text);
}
void OptionTable::add(std::vector<int>& variable, OptionText text) {
  add_value(variable, text);
}

void OptionTable::add_enum(const void* variable, const OptionText& text, std::vector<std::string> names,
                           std::function<std::optional<std::size_t>()> get, std::function<void(std::size_t)> set) {
  Option option;
  option.choices = names;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const char* const separator = i == 0 ? "" : i + 1 == names.size() ? " or " : ", ";
    option.expected += separator + names[i];
  }
  option.read = [names, set = std::move(set)](std::string_view value) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (value == names[i]) return set(i), true;
    }
    return false;
  };
  option.write = [names, get = std::move(get)] {
    const auto position = get();
    return position ? std::vector<std::string>{names[*position]} : std::vector<std::string>{};
  };
  add_option(std::move(option), variable, text);
}

std::optional<Seconds> parse_duration(std::string_view text) {
  double total = 0;
  double unit_before = std::numeric_limits<double>::infinity();
  const char* position = text.data();
  const char* const end = text.data() + text.size();
  if (position == end) return std::nullopt;
  while (position != end) {
    double number = 0;
    const auto [stop, error] = std::from_chars(position, end, number, std::chars_format::fixed);
    if (error != std::errc() || stop == end || !(number >= 0) || !std::isfinite(number)) return std::nullopt;
    const double unit = *stop == 'd' ? 86400 : *stop == 'h' ? 3600 : *stop == 'm' ? 60 : *stop == 's' ? 1 : 0;
    if (unit == 0 || unit >= unit_before) return std::nullopt;
    total += number * unit;
    unit_before = unit;
    position = stop + 1;
  }
  return Seconds(total);
}

std::string format_duration(Seconds duration) {
  double rest = duration.count();
  if (rest != std::floor(rest) || rest >= 1e15) {
    std::array<char, 400> buffer;
    const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), rest, std::chars_format::fixed);
    return std::string(buffer.data(), result.ptr) + "s";
  }
  std::string result;
  for (const auto& [unit, seconds] : {std::pair{'h', 3600.0}, {'m', 60.0}, {'s', 1.0}}) {
    const double count = std::floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) result += number_text(static_cast<std::int64_t>(count)) + unit;
  }
  return result.empty() ? "0s" : result;
}

}  // namespace attn
