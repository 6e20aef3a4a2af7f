#pragma once
// A model as one page for the browser, which needs nothing else: it reads what is typed, in JavaScript.

#include <string_view>

#include "base/table.h"
#include "models/config.h"
#include "tensor/parameters.h"
#include "text/tokenizer.h"

namespace attn {

/// More numbers would make the page slow to open and to answer.
inline constexpr double kMostPageParameters = 5e6;

struct PageModel {
  std::string_view about;  // a line at the top, such as the model's name
  std::string_view where;  // the model's folder, for messages
  const ModelConfig& config;
  const Parameters& parameters;
  const Tokenizer& tokenizer;
  std::string_view text;  // what is typed when the page opens
  bool chats = false;     // the model of train chat: answers what is typed, see ChatFormat
};

/// Throws Error naming `where` if a page cannot hold such a model: one that makes vectors of texts, or one with more
/// than kMostPageParameters numbers.
void check_page_model(const ModelConfig& config, std::string_view where);

/// Writes the page: the parameters as float32, the tokenizer, the views of attention. Throws Error if the tokenizer has
/// a part that the page's script does not know, or if the model has too many parameters, see above.
void write_model_page(const PageModel& model, const Sink& sink);

}  // namespace attn
