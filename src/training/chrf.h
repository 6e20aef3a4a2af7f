#pragma once
// chrF2 of a corpus (Popović, 2015), equal to the defaults of sacreBLEU 2 (Post, 2018): n-grams of 1 to 6 characters
// without white space, recall counts twice as much as precision; orders that one of the sides lacks are left out.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace attn {

/// Takes lines one by one; what is kept does not grow with them.
class ChrF {
 public:
  /// A translation and what it should be, both UTF-8. Characters are code points.
  void add(std::string_view hypothesis, std::string_view reference);
  /// 0 to 100.
  double score() const;

  /// The settings in sacreBLEU's form, with this program's own version.
  static std::string signature();

 private:
  static constexpr std::size_t kOrders = 6;
  std::array<std::int64_t, kOrders> hypothesis_{}, reference_{}, matches_{};  // n-grams of n characters
};

}  // namespace attn
