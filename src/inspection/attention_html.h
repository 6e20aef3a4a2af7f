#pragma once
// Attention as one page for the browser, which needs nothing else: lines between tokens, a matrix, all heads.

#include <string>
#include <string_view>

#include "base/table.h"
#include "inspection/head_view.h"

namespace attn {

/// Writes the page to a sink, text after text. Weights are packed and only unpacked when they are looked at: float32 as
/// recorded where a layer has up to kExactWeights of them, else in units of 1/65535. Tokens stay text whatever they hold.
class AttentionPage {
 public:
  static constexpr std::size_t kExactWeights = 65536;

  /// `about`: a line at the top, such as the model's name.
  AttentionPage(std::string_view about, AttentionSelection selection, Sink sink);

  /// Adds a text, which the page lists by that name. Texts without attention of the selected kinds are left out.
  void add(std::string_view name, const TracedText& text);
  /// Writes what remains. Throws Error if no text had attention: there would be nothing to see.
  void finish();

 private:
  std::string write_weights(std::span<const HeadView> heads, int& bits);

  AttentionSelection selection_;
  Sink sink_;
  int texts_ = 0, records_ = 0;
};

}  // namespace attn
