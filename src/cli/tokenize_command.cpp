// attn tokenize: the tokens of texts, as a table.

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/model_source.h"
#include "cli/table_output.h"

namespace attn {

namespace {

/// Counts the characters before byte offsets that do not decrease.
class CharacterPositions {
 public:
  explicit CharacterPositions(std::string_view text) : text_(text) {}
  std::int64_t before(std::int64_t offset) {
    if (offset < offset_) offset_ = characters_ = 0;
    const auto part = text_.substr(static_cast<std::size_t>(offset_), static_cast<std::size_t>(offset - offset_));
    characters_ += static_cast<std::int64_t>(count_code_points(part));
    offset_ = offset;
    return characters_;
  }

 private:
  std::string_view text_;
  std::int64_t offset_ = 0, characters_ = 0;
};

class TokenizeCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    input_.visit(options);
    table_.visit(options);
  }

  int run(Invocation& call) override {
    const auto tokenizer = open_tokenizer(ModelFolder(call.arguments[0]));
    std::optional<std::string> file;
    if (call.arguments.size() > 1) file = call.arguments[1];
    TextInput input(input_, file, call, "texts to tokenize, one a line");
    TableOutput output(table_, call);
    TableWriter table = output.table({"text", "position", "id", "token", "start", "end"});
    for (std::string text; input.next(text);) {
      const std::int64_t number = input.count() - 1;
      const auto tokens = tokenizer->encode_with_offsets(text, true);
      // Where tokens are parts of a character, all of them cover it.
      CharacterPositions starts(text);
      CharacterPositions ends(text);
      for (std::size_t i = 0; i < tokens.size(); ++i) {
        const auto& [id, begin, end] = tokens[i];
        table.cell(number).cell(i).cell(id).cell(tokenizer->token_text(id));
        table.cell(starts.before(first_byte(text, begin))).cell(ends.before(end)).end_row();
      }
    }
    table.finish();
    output.commit();
    return 0;
  }

 private:
  /// The first byte of the character that this byte belongs to.
  static std::int64_t first_byte(std::string_view text, std::int64_t offset) {
    while (offset > 0 && static_cast<std::size_t>(offset) < text.size() &&
           (text[static_cast<std::size_t>(offset)] & 0xC0) == 0x80) {
      --offset;
    }
    return offset;
  }

  InputOptions input_;
  TableOptions table_;
};

}  // namespace

const CommandRow kTokenizeCommand{
    .name = "tokenize",
    .group = "Look inside",
    .arguments = "DIR [FILE]",
    .least_arguments = 1,
    .most_arguments = 2,
    .summary = "show the tokens of texts",
    .examples =
        "attn tokenize play --text \"Once upon\"\n"
        "attn tokenize play lines.txt --format csv > tokens.csv\n",
    .details =
        "Columns: text,position,id,token,start,end. `start` and `end` count characters of the text from 0; `end` is "
        "the\n"
        "one after the token's last. Tokens that are parts of a character all cover it; their bytes show as \\xE2.\n"
        "Special tokens that stand in the text are taken as such.\n",
    .make = make_command<TokenizeCommand>,
};

}  // namespace attn
