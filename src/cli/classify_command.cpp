// attn classify: which class texts belong to, and how likely each is.

#include <algorithm>

#include "cli/ablation_option.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/encoder_texts.h"
#include "cli/model_source.h"
#include "cli/table_output.h"

namespace attn {

namespace {

class ClassifyCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    input_.visit(options);
    add_ablation_option(options, ablated_);
    table_.visit(options);
    threads_.visit(options);
  }

  int run(Invocation& call) override {
    const simd::Kernels& kernels = require_kernels();
    const EncoderSource source = open_encoder_with(Head::classifier, call.arguments[0], call.command, {ablated_});
    const EncoderModel& model = *source.model;
    const std::vector<std::string>& labels = source.config().labels;
    std::optional<std::string> file;
    if (call.arguments.size() > 1) file = call.arguments[1];
    TextInput input(input_, file, call, "texts to classify, one a line");
    TableOutput output(table_, call);
    std::vector<std::string> columns{"text", "label"};
    for (const std::string& label : labels) columns.push_back("p_" + label);
    TableWriter table = output.table(std::move(columns));

    ThreadPool pool(threads_.count());
    EncoderRunner runner(model, kernels, pool, [&](const EncoderRunner::Batch& batch) {
      const Tensor pooled = model.pooled(batch.context, batch.hidden, batch.tokens.sequences);
      const Tensor logits = model.classify(batch.context, pooled);  // (B, labels), soon probabilities
      kernels.softmax(logits.data, logits.columns(), logits.columns(), 0, logits.rows());
      for (std::int64_t b = 0; b < logits.rows(); ++b) {
        const std::span row(logits.data + b * logits.columns(), labels.size());
        const auto best = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
        table.cell(batch.first_text + b).cell(labels[best]);
        for (const float probability : row) table.cell(probability);
        table.end_row();
      }
    });
    encode_texts(
        input, *source.tokenizer, source.config(), {}, call, [&](const EncoderText& text) { runner.add(text); },
        [&] {
          runner.flush();
          output.flush(table);
        });
    table.finish();
    output.commit();
    return 0;
  }

 private:
  InputOptions input_;
  std::string ablated_;
  TableOptions table_;
  ThreadOptions threads_;
};

}  // namespace

const CommandRow kClassifyCommand{
    .name = "classify",
    .group = "Train and use a model",
    .arguments = "DIR [FILE]",
    .least_arguments = 1,
    .most_arguments = 2,
    .summary = "sort texts into classes",
    .examples =
        "attn classify reviews --text \"a moving film\"\n"
        "attn classify reviews new.txt --out labels.csv     # one text a line\n"
        "attn classify reviews new.csv --columns review     # a column of a table\n",
    .details =
        "Columns: text,label,p_LABEL…: the line's number from 0, the most likely label, and the probability of "
        "each.\n",
    .make = make_command<ClassifyCommand>,
};

}  // namespace attn
