// attn fill: what could stand in the place of [MASK].

#include <algorithm>
#include <numeric>

#include "autograd/linear.h"
#include "autograd/select_rows.h"
#include "cli/ablation_option.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/encoder_texts.h"
#include "cli/model_source.h"
#include "cli/table_output.h"

namespace attn {

namespace {

constexpr std::string_view kMaskNames[] = {"[MASK]", "<mask>"};

struct Mask {
  std::int32_t id;
  std::string_view name;
};

Mask find_mask(const Tokenizer& tokenizer, const std::string& folder) {
  for (const std::string_view name : kMaskNames) {
    if (const auto id = tokenizer.id_of(name)) return {*id, name};
  }
  fail(folder, ": its tokenizer has no token [MASK]");
}

class FillCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    input_.visit(options);
    options.group("Guesses");
    options.add(top_, {.name = "top", .metavar = "K", .minimum = 1, .help = "the K most likely tokens of each place"});
    add_ablation_option(options, ablated_);
    table_.visit(options);
    threads_.visit(options);
  }

  int run(Invocation& call) override {
    const simd::Kernels& kernels = require_kernels();
    const EncoderSource source = open_encoder_with(Head::masked, call.arguments[0], call.command, {ablated_});
    const Mask mask = find_mask(*source.tokenizer, call.arguments[0]);
    std::optional<std::string> file;
    if (call.arguments.size() > 1) file = call.arguments[1];
    TextInput input(input_, file, call, concat("texts with ", mask.name, " in them, one a line"));
    TableOutput output(table_, call);
    TableWriter table = output.table({"text", "position", "rank", "token", "probability"});

    ThreadPool pool(threads_.count());
    std::int64_t texts_with_mask = 0;
    EncoderRunner runner(*source.model, kernels, pool,
                         [&](const EncoderRunner::Batch& batch) { guess(source, mask.id, batch, kernels, table); });
    encode_texts(
        input, *source.tokenizer, source.config(), {.with_special = true}, call,
        [&](const EncoderText& text) {
          texts_with_mask += std::count(text.ids.begin(), text.ids.end(), mask.id) > 0;
          runner.add(text);
        },
        [&] {
          runner.flush();
          output.flush(table);
        });
    const std::int64_t without = input.count() - texts_with_mask;
    if (texts_with_mask == 0) fail("no text holds a ", mask.name, "; write one where a token is to be guessed");
    if (without > 0) call.note("attn: ", without, without == 1 ? " text has no " : " texts have no ", mask.name);
    table.finish();
    output.commit();
    return 0;
  }

 private:
  void guess(const EncoderSource& source, std::int32_t mask_id, const EncoderRunner::Batch& batch,
             const simd::Kernels& kernels, TableWriter& table) const {
    const EncoderModel& model = *source.model;
    const Sequences& sequences = batch.tokens.sequences;
    std::vector<std::int32_t> rows, texts;
    for (std::int32_t b = 0; b < sequences.count; ++b) {
      for (std::int32_t row = sequences.starts[b]; row < sequences.starts[b + 1]; ++row) {
        if (batch.tokens.ids[row] != mask_id) continue;
        rows.push_back(row);
        texts.push_back(b);
      }
    }
    // One place after the other: a batch of nothing but masks would have a lot of logits.
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Tensor selected = select_rows(batch.context, batch.hidden, &rows[i], 1);
      const Tensor states = model.masked_states(batch.context, selected);                               // (1, C)
      const Tensor logits = linear(batch.context, states, model.output_weight(), model.output_bias());  // (1, V)
      kernels.softmax(logits.data, logits.columns(), logits.columns(), 0, 1);
      write(*source.tokenizer, batch.first_text + texts[i], batch.tokens.sequences.positions[rows[i]],
            {logits.data, static_cast<std::size_t>(source.tokenizer->vocabulary_size())}, table);
    }
  }

  void write(const Tokenizer& tokenizer, std::int64_t text, std::int32_t position, std::span<const float> probabilities,
             TableWriter& table) const {
    std::vector<std::int32_t> order(probabilities.size());
    std::iota(order.begin(), order.end(), 0);
    const auto count = static_cast<std::ptrdiff_t>(std::min(order.size(), static_cast<std::size_t>(top_)));
    std::partial_sort(order.begin(), order.begin() + count, order.end(), [&](std::int32_t a, std::int32_t b) {
      const float p = probabilities[static_cast<std::size_t>(a)], q = probabilities[static_cast<std::size_t>(b)];
      return p != q ? p > q : a < b;
    });
    for (std::ptrdiff_t rank = 0; rank < count; ++rank) {
      const std::int32_t id = order[static_cast<std::size_t>(rank)];
      table.cell(text).cell(position).cell(rank + 1).cell(tokenizer.token_text(id));
      table.cell(probabilities[static_cast<std::size_t>(id)]).end_row();
    }
  }

  InputOptions input_;
  TableOptions table_;
  ThreadOptions threads_;
  int top_ = 5;
  std::string ablated_;
};

}  // namespace

const CommandRow kFillCommand{
    .name = "fill",
    .group = "Train and use a model",
    .arguments = "DIR [FILE]",
    .least_arguments = 1,
    .most_arguments = 2,
    .summary = "guess the tokens behind [MASK]",
    .examples =
        "attn fill plays --text \"To be or not to [MASK]\"\n"
        "attn fill plays lines.txt --top 1 --out guesses.csv\n",
    .details =
        "Columns: text,position,rank,token,probability: the line's number from 0, the token's place in what the model "
        "reads ([CLS] is at 0), and the --top guesses from rank 1 on, for every [MASK] of the text. Under bpe a word's "
        "first token holds the space before it, so [MASK] stands for that, too.\n",
    .make = make_command<FillCommand>,
};

}  // namespace attn
