#pragma once
// The pictures of `attn attention`: characters on the terminal, SVG, a page for the browser.

#include <span>
#include <string>

#include "cli/console.h"
#include "inspection/head_view.h"

namespace attn {

/// Heat maps of every text: one head with its tokens, if the selection leaves only one, else all of them, small.
std::string terminal_pictures(std::span<const TracedText> texts, const AttentionSelection& selection,
                              const Terminal& terminal);

/// The .svg file of one text. Throws Error if the text has no tokens.
std::string svg_picture(const TracedText& text, const AttentionSelection& selection);

/// The .html page of all texts that have tokens. Throws Error if none has.
void write_page(const std::string& model, std::span<const TracedText> texts, const AttentionSelection& selection,
                Sink sink);

}  // namespace attn
