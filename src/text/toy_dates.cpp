// Dates as people write them, and as ISO 8601 does.

#include <array>
#include <string>

#include "text/toy_data.h"

namespace attn {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr int kFirstYear = 1900;
constexpr int kLastYear = 2099;
constexpr std::size_t kStyles = 5;

bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int days_in(int month, int year) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[static_cast<std::size_t>(month)] + (month == 1 && is_leap(year) ? 1 : 0);
}

std::uint64_t days_in_all() {
  std::uint64_t days = 0;
  for (int year = kFirstYear; year <= kLastYear; ++year) days += is_leap(year) ? 366 : 365;
  return days;
}

std::string two_digits(int number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

std::string_view ordinal_ending(int day) {
  if (day / 10 == 1) return "th";
  return day % 10 == 1 ? "st" : day % 10 == 2 ? "nd" : day % 10 == 3 ? "rd" : "th";
}

ToyLine date(std::size_t style, std::uint64_t number) {
  int day = static_cast<int>(number);
  int year = kFirstYear;
  for (; day >= (is_leap(year) ? 366 : 365); ++year) day -= is_leap(year) ? 366 : 365;
  int month = 0;
  for (; day >= days_in(month, year); ++month) day -= days_in(month, year);
  ++day;
  const std::string name(kMonths[static_cast<std::size_t>(month)]);
  const std::string d = std::to_string(day);
  const std::string y = std::to_string(year);
  std::string text;
  switch (style) {
    case 0:
      text = name + " " + d + ", " + y;
      break;
    case 1:
      text = d + " " + name + " " + y;
      break;
    case 2:
      text = name.substr(0, 3) + " " + d + " " + y;
      break;
    case 3:
      text = "the " + d + std::string(ordinal_ending(day)) + " of " + name + " " + y;
      break;
    default:
      text = d + "." + std::to_string(month + 1) + "." + y;
      break;
  }
  const std::string iso = y + "-" + two_digits(month + 1) + "-" + two_digits(day);
  return {text, text + '\t' + iso};
}

}  // namespace

ToyTask dates_task() {
  return {"dates", "a date as people write it, and as ISO 8601", std::vector(kStyles, days_in_all()), date};
}

}  // namespace attn
