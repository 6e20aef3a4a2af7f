#include "cli/attention_pictures.h"

#include "base/error.h"
#include "inspection/attention_html.h"
#include "inspection/attention_svg.h"
#include "inspection/heat_map.h"
#include "inspection/token_label.h"

namespace attn {

namespace {

TerminalColors colors_of(const Terminal& terminal) {
  if (!terminal.output || !terminal.color) return TerminalColors::none;
  switch (terminal.palette) {
    case Palette::basic:
      return TerminalColors::none;
    case Palette::indexed:
      return TerminalColors::palette;
    case Palette::full:
      return TerminalColors::all;
  }
  return TerminalColors::none;
}

/// "0: Once upon a time, there was …".
std::string name_of_text(std::size_t index, const TracedText& text) {
  std::string words;
  for (const std::string& token : text.source_tokens.empty() ? text.target_tokens : text.source_tokens) {
    const bool spaced = token.starts_with(' ');
    words += concat(spaced ? " " : "", token_label(std::string_view(token).substr(spaced ? 1 : 0)));
    if (words.size() > 300) break;
  }
  return concat(index, ": ", shortened(words, 40));
}

}  // namespace

std::string terminal_pictures(std::span<const TracedText> texts, const AttentionSelection& selection,
                              const Terminal& terminal) {
  const HeatMapOptions options{terminal.width, colors_of(terminal)};
  std::string out;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::vector<HeadView> heads = select_heads(texts[i], selection);
    if (i > 0) out += '\n';
    if (texts.size() > 1) out += concat("text ", i, "\n");
    if (heads.empty()) out += "no tokens, so no attention\n";
    out += heads.size() == 1 ? draw_head(heads[0], options) : draw_heads(heads, options);
  }
  return out;
}

std::string svg_picture(const TracedText& text, const AttentionSelection& selection) {
  const std::vector<HeadView> heads = select_heads(text, selection);
  if (heads.empty()) fail("the text has no tokens, so there is no attention to draw");
  return attention_svg(heads);
}

void write_page(const std::string& model, std::span<const TracedText> texts, const AttentionSelection& selection,
                Sink sink) {
  AttentionPage page(model, selection, std::move(sink));
  for (std::size_t i = 0; i < texts.size(); ++i) page.add(name_of_text(i, texts[i]), texts[i]);
  page.finish();
}

}  // namespace attn
