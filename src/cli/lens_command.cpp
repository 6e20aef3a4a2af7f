// attn lens: what the model would predict if it ended after each of its layers (nostalgebraist 2020, "logit lens").

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cli/ablation_option.h"
#include "cli/attention_model.h"
#include "cli/attention_texts.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/table_output.h"

namespace attn {

namespace {

class LensCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    texts_.visit(options);
    options.add(top_, {.name = "top", .metavar = "K", .minimum = 1, .help = "so many likeliest tokens at each place"});
    add_ablation_option(options, ablated_);
    options.group("Output");
    output_.visit(options);
    threads_.visit(options);
  }

  int run(Invocation& call) override {
    const AttentionModel model(call.arguments[0], ablated_);
    const simd::Kernels& kernels = require_kernels();
    ThreadPool pool(threads_.count());
    const std::vector<AttentionText> texts = read_attention_texts(model, texts_, call, kernels, pool);
    TableOutput output(output_, call);
    TableWriter table = output.table({"text", "position", "token", "layer", "rank", "predicted", "probability"});
    for (std::size_t text = 0; text < texts.size(); ++text) add(table, text, model, texts[text], kernels, pool);
    table.finish();
    output.commit();
    return 0;
  }

 private:
  // The last states of the decoder, or of the encoder where there is none, layer by layer.
  void add(TableWriter& table, std::size_t text, const AttentionModel& model, const AttentionText& tokens,
           const simd::Kernels& kernels, ThreadPool& pool) const {
    const bool encoder = model.kinds() == std::vector{AttentionKind::encoder};
    const AttentionSide& side = encoder ? tokens.source : tokens.target;
    const AttentionTrace trace = model.trace(tokens.source.ids, tokens.target.ids,
                                             {.scores = false, .heads = false, .states = true}, kernels, pool);
    std::vector<std::pair<int, std::vector<float>>> layers;  // logits (N, V)
    for (const StateRecord& state : trace.states) {
      if (encoder || state.stack == AttentionKind::decoder) {
        layers.emplace_back(state.layer, model.logits(state.normed, kernels, pool));
      }
    }
    const auto vocabulary = static_cast<std::size_t>(model.config().vocabulary);
    for (std::size_t position = 0; position < side.names.size(); ++position) {
      for (const auto& [layer, logits] : layers) {
        const std::span<const float> row(logits.data() + position * vocabulary, vocabulary);
        int rank = 0;
        for (const auto& [id, probability] : best(row)) {
          table.cell(text).cell(position).cell(side.names[position]);
          table.cell(layer < 0 ? "input" : std::to_string(layer)).cell(++rank);
          table.cell(model.tokenizer().token_text(id)).cell(probability);
          table.end_row();
        }
      }
    }
  }

  // The likeliest tokens, likeliest first, the lower id first of equals.
  std::vector<std::pair<std::int32_t, float>> best(std::span<const float> logits) const {
    std::vector<std::int32_t> ids(logits.size());
    std::iota(ids.begin(), ids.end(), 0);
    const auto count = std::min<std::ptrdiff_t>(top_, std::ssize(ids));
    const auto logit = [&](std::int32_t id) { return logits[static_cast<std::size_t>(id)]; };
    std::partial_sort(ids.begin(), ids.begin() + count, ids.end(), [&](std::int32_t a, std::int32_t b) {
      return logit(a) != logit(b) ? logit(a) > logit(b) : a < b;
    });
    double sum = 0;
    for (const float value : logits) sum += std::exp(static_cast<double>(value - logit(ids[0])));
    std::vector<std::pair<std::int32_t, float>> found;
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const std::int32_t id = ids[static_cast<std::size_t>(i)];
      found.emplace_back(id, static_cast<float>(std::exp(static_cast<double>(logit(id) - logit(ids[0]))) / sum));
    }
    return found;
  }

  AttentionTextOptions texts_;
  int top_ = 3;
  std::string ablated_;
  TableOptions output_;
  ThreadOptions threads_;
};

}  // namespace

const CommandRow kLensCommand{
    .name = "lens",
    .group = "Look inside",
    .arguments = "DIR [FILE]",
    .least_arguments = 1,
    .most_arguments = 2,
    .summary = "show what each layer would predict if it were the last",
    .examples =
        "attn lens play --text \"Once upon a\"        # from the input to the last layer, the likeliest tokens\n"
        "attn lens en-de --text \"A dog.\" --top 1\n"
        "attn lens bert --text \"To be or [MASK] to be\"\n",
    .details =
        "Columns text,position,token,layer,rank,predicted,probability. The residual stream in front of the first layer "
        "(`input`) and behind every layer goes through the final norm and the output projection, as the last one does "
        "in the model (nostalgebraist 2020). What is predicted is the token after `token`; of a translator the next "
        "one of the target, of an encoder that fills masks the token itself.\n",
    .make = make_command<LensCommand>,
};

}  // namespace attn
