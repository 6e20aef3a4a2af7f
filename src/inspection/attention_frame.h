#pragma once
// What every page that shows attention begins and ends with: choices, views, their styles and their script.

#include <span>
#include <string>
#include <string_view>

namespace attn {

/// Styles and elements that a page has beside the views.
struct PageAddition {
  std::string_view style, body;
};

/// The page up to where its data comes. `about`: what stands beside the title, such as the model's name.
std::string attention_page_begin(std::string_view title, std::string_view about, const PageAddition& addition = {});

/// The views' script and the rest of the page. `scripts` follow within the same scope; they call begin() once there is a
/// text to show, and may do so later.
std::string attention_page_end(std::span<const std::string_view> scripts);

}  // namespace attn
