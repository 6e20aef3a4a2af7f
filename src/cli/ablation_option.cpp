#include "cli/ablation_option.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "inspection/attention_table.h"

namespace attn {

namespace {

[[noreturn]] void wrong_heads(std::string_view found, const ModelConfig& config) {
  std::string kinds;
  for (const AttentionKind kind : attention_kinds(config)) {
    kinds += concat(kinds.empty() ? "" : " or ", name_of(kind), ":LAYER.HEAD with layers 0 to ",
                    attention_layers(config, kind) - 1);
  }
  usage_error("--ablate ", found, " names no heads of this model: expected ", kinds, ", heads 0 to ", config.heads - 1,
              ", ", name_of(attention_kinds(config)[0]), ":LAYER, ", name_of(attention_kinds(config)[0]), " or all");
}

// A number below `end` at the front of the text, which it is taken from; -1 if there is none.
int take_number(std::string_view& text, int end) {
  int value = -1;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0 || value >= end) return -1;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  return value;
}

HeadPlace parse_place(std::string_view text, const ModelConfig& config) {
  const std::vector<AttentionKind> kinds = attention_kinds(config);
  const std::string_view whole = text;
  const std::string_view word = text.substr(0, text.find(':'));
  HeadPlace place{kinds[0]};
  const auto named =
      std::find_if(kinds.begin(), kinds.end(), [&](AttentionKind kind) { return name_of(kind) == word; });
  if (named != kinds.end()) {
    place.kind = *named;
    if (word.size() == text.size()) return place;
    text.remove_prefix(word.size() + 1);
  } else if (kinds.size() > 1) {
    wrong_heads(whole, config);
  }
  place.layer = take_number(text, attention_layers(config, place.kind));
  if (place.layer < 0) wrong_heads(whole, config);
  if (text.empty()) return place;
  if (!text.starts_with('.')) wrong_heads(whole, config);
  text.remove_prefix(1);
  place.head = take_number(text, config.heads);
  if (place.head < 0 || !text.empty()) wrong_heads(whole, config);
  return place;
}

}  // namespace

void add_ablation_option(OptionTable& options, std::string& heads) {
  options.add(heads, {.name = "ablate",
                      .metavar = "HEADS",
                      .default_text = "none",
                      .help = "switch heads off: decoder:2.1 (layer 2, head 1), encoder:0 (a layer), cross (a kind) or "
                              "all, separated by commas"});
}

std::vector<HeadPlace> parse_heads(const std::string& heads, const ModelConfig& config) {
  std::vector<HeadPlace> places;
  std::string_view rest = heads;
  while (true) {
    const std::size_t comma = rest.find(',');
    const std::string_view text = rest.substr(0, comma);
    if (text == "all") {
      for (const AttentionKind kind : attention_kinds(config)) places.push_back({kind});
    } else {
      places.push_back(parse_place(text, config));
    }
    if (comma == std::string_view::npos) return places;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace attn
