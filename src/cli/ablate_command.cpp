// attn ablate: what a model loses when each of its attention heads, one after the other, is switched off.

#include <array>

#include "base/json.h"
#include "cli/ablation_option.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/evaluation.h"
#include "cli/model_source.h"
#include "inspection/attention_table.h"
#include "inspection/bar_chart.h"

namespace attn {

namespace {

/// What is measured: the first of these that an evaluation of the model has.
constexpr std::string_view kMeasures[] = {"loss", "pearson", "mrr"};

struct Result {
  std::string kind, name;          // "decoder", "decoder 2.1"; "none" and "all"
  std::optional<HeadPlace> place;  // of one head
  double value = 0;
};

class AblateCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    options_.input.visit(options);
    options.add(options_.lines,
                {.name = "lines", .help = "every line is a document of its own, as with train --lines"});
    options.group("Result");
    options_.table.visit(options);
    options_.threads.visit(options);
  }

  int run(Invocation& call) override {
    const std::string& model = call.arguments[0];
    const ModelConfig config = ModelFolder(model).read_config();
    const bool picture = options_.table.out.ends_with(".svg");
    if (picture && options_.table.format) usage_error("--format is for tables; ", options_.table.out, " is a picture");
    ThreadPool pool(options_.threads.count());
    options_.only_loss = true;
    const std::optional<std::string> file = call.arguments.size() > 1 ? std::optional(call.arguments[1]) : std::nullopt;
    const EvaluationCall evaluation_call{call, options_, file, require_kernels(), pool};
    const EvaluationRow& row = evaluation_row_of(model);
    const std::unique_ptr<ModelEvaluation> evaluation = row.open(evaluation_call);
    TableOutput output(options_.table, call);

    const auto measure = [&](const std::string& off) { return measured(evaluation->figures(model), off); };
    std::vector<Result> results = {{"none", "none", {}, measure("")}};
    for (const HeadPlace& place : all_heads(config)) {
      const std::string head = concat(place.layer, ".", place.head), kind(name_of(place.kind));
      results.push_back({kind, kind + " " + head, place, 0});
      options_.use.ablated = kind + ":" + head;
      results.back().value = measure(options_.use.ablated);
    }
    options_.use.ablated = "all";
    results.push_back({"all", "all", {}, measure("all")});

    if (picture || (call.terminal.output && !options_.table.format && options_.table.out.empty())) {
      draw(results, output, call, picture);
    } else {
      write(results, output);
    }
    output.commit();
    if (!options_.table.out.empty()) {
      call.note(options_.table.out, ": ", measure_, " without each of ", results.size() - 2,
                " heads; next: ", picture ? "xdg-open " : "head -3 ", options_.table.out);
    }
    return 0;
  }

 private:
  double measured(const Json& figures, const std::string& off) {
    for (const std::string_view name : kMeasures) {
      const Json* figure = figures.find(name);
      if (figure == nullptr || !figure->is_number()) continue;
      measure_ = name;
      return figure->as_double();
    }
    fail("the evaluation", off.empty() ? "" : " without ", off, " has no loss to compare");
  }

  void write(const std::vector<Result>& results, TableOutput& output) const {
    TableWriter table = output.table({"kind", "layer", "head", std::string(measure_), "change"});
    for (const Result& result : results) {
      table.cell(result.kind);
      if (result.place) {
        table.cell(result.place->layer).cell(result.place->head);
      } else {
        table.empty_cell().empty_cell();
      }
      table.cell(result.value).cell(result.value - results[0].value);
      table.end_row();
    }
    table.finish();
  }

  void draw(const std::vector<Result>& results, TableOutput& output, const Invocation& call, bool svg) const {
    std::vector<Bar> bars;
    for (std::size_t i = 1; i < results.size(); ++i) {
      bars.push_back({results[i].name, results[i].value - results[0].value});
    }
    char title[120];
    std::snprintf(title, sizeof title, "%s %.4f; what it changes by without each head", std::string(measure_).c_str(),
                  results[0].value);
    output.sink()(svg ? bar_chart_svg(title, bars) : concat(title, "\n", bar_chart_text(bars, call.terminal.width)));
  }

  EvaluationOptions options_;
  std::string_view measure_;
};

}  // namespace

const CommandRow kAblateCommand{
    .name = "ablate",
    .group = "Look inside",
    .arguments = "DIR [FILE]",
    .least_arguments = 1,
    .most_arguments = 2,
    .summary = "switch each attention head off, and see what the model loses",
    .examples =
        "attn ablate play valid.txt                # a row a head; on a terminal a chart\n"
        "attn ablate play valid.txt --out a.svg    # the chart\n"
        "attn ablate en-de pairs.tsv > heads.csv   # encoder, decoder and cross-attention\n",
    .details =
        "Columns kind,layer,head, the measure and its change. The measure is the loss that attn evaluate finds in "
        "FILE; "
        "of an encoder of texts Pearson's correlation, or the mean reciprocal rank of pairs. The first row, none, is "
        "the model as it is; the last, all, is without any attention: what every token knows of itself alone.\n"
        "\n"
        "A head that is off adds nothing to its layer. generate, evaluate, translate and attention take --ablate HEADS "
        "to use a model without some.\n",
    .make = make_command<AblateCommand>,
};

}  // namespace attn
