#pragma once
// Attention as pictures of characters, for a terminal.

#include <span>
#include <string>

#include "inspection/head_view.h"

namespace attn {

/// What the terminal can show: characters only, xterm's 256 colours, or all.
enum class TerminalColors { none, palette, all };

struct HeatMapOptions {
  int width = 80;  // columns; no line is wider
  TerminalColors colors = TerminalColors::none;
};

/// One head: a row a query, a column a key, tokens along both sides, weights in percent where they fit. Pairs that the
/// mask forbids stay empty. Long lists of tokens lose their middle.
std::string draw_head(const HeadView& head, const HeatMapOptions& options);

/// Many heads as small pictures without tokens: a row a layer, a column a head, and this for each kind. A picture's dot
/// is the largest weight of the queries and keys that share it.
std::string draw_heads(std::span<const HeadView> heads, const HeatMapOptions& options);

}  // namespace attn
