// attn explain: how attention and what is built on it work, on a small case, number by number.

#include <algorithm>
#include <filesystem>

#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/explain_model.h"

namespace attn {

namespace {

constexpr int kPipedWidth = 80;

std::string topic_list() {
  std::size_t widest = 0;
  for (const ExplainTopic& topic : explain_topics()) widest = std::max(widest, topic.name.size());
  std::string text = "Topics, in the order of the course:\n";
  for (const ExplainTopic& topic : explain_topics()) {
    text += concat("  ", topic.name, std::string(widest + 2 - topic.name.size(), ' '), topic.summary,
                   topic.aliases.empty() ? "" : concat(" (", topic.aliases, ")"), "\n");
  }
  return text;
}

class ExplainCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    case_.visit(options);
    model_.visit(options);
    options.group("Output");
    options.add(json_, {.name = "json", .help = "the same numbers as JSON, with all their digits"});
    options.add(csv_, {.name = "csv", .help = "the same as CSV, a row a number"});
    options.add(code_, {.name = "code", .help = "a PyTorch script that prints the same numbers"});
    threads_.visit(options);
  }

  int run(Invocation& call) override {
    if (json_ + csv_ + code_ > 1) usage_error("--json, --csv and --code exclude each other");
    if (call.arguments.empty()) {
      call.out.write(topic_list() + "\nThe first: attn explain embedding\n");
      return 0;
    }
    const std::string& name = call.arguments[0];
    if (find_explain_topic(name) == nullptr && std::filesystem::exists(name)) {
      if (code_) usage_error("--code is for topics: a model's script would hold the whole model");
      ThreadPool pool(threads_.count());
      print(explain_folder(name, case_, model_, {require_kernels(), pool}, call), call);
      return 0;
    }
    const ExplainTopic& topic = topic_named(name);
    if (model_.kind || call.options.is_set(model_.layer) || call.options.is_set(model_.head)) {
      usage_error("--kind, --layer and --head are for trained models; ", name, " is a topic, ./", name, " a folder");
    }
    ExplainCase example = make_explain_case(topic, case_, call.options);
    ThreadPool pool(threads_.count());
    print(topic.explain(example, {require_kernels(), pool}), call);
    if (!json_ && !csv_ && !code_) print_next(topic, call);
    return 0;
  }

 private:
  static const ExplainTopic& topic_named(const std::string& name) {
    if (const ExplainTopic* topic = find_explain_topic(name)) return *topic;
    std::vector<std::string> known;
    for (const ExplainTopic& topic : explain_topics()) {
      known.emplace_back(topic.name);
      if (!topic.aliases.empty()) known.emplace_back(topic.aliases);
    }
    const std::string meant = did_you_mean(name, known);
    usage_error("'", name, "' is neither a topic nor a model's folder",
                meant.empty() ? "; 'attn explain' lists all" : meant);
  }

  void print(const Explanation& explanation, Invocation& call) const {
    if (json_) {
      call.out.write(explanation_json(explanation));
    } else if (csv_) {
      call.out.write(explanation_csv(explanation));
    } else if (code_) {
      call.out.write(explanation_script(explanation));
    } else {
      const bool color = call.terminal.output && call.terminal.color;
      call.out.write(explanation_text(explanation, call.terminal.output ? call.terminal.width : kPipedWidth, color));
    }
  }

  static void print_next(const ExplainTopic& topic, Invocation& call) {
    const auto topics = explain_topics();
    const ExplainTopic* const next = &topic + 1;
    if (next == topics.data() + topics.size()) return;
    call.out.write(concat("\nNext: attn explain ", next->name, "\n"));
  }

  ExplainCaseOptions case_;
  ExplainModelOptions model_;
  ThreadOptions threads_;
  bool json_ = false, csv_ = false, code_ = false;
};

}  // namespace

const CommandRow kExplainCommand = {
    .name = "explain",
    .group = "Look inside",
    .arguments = "[TOPIC | DIR]",
    .least_arguments = 0,
    .most_arguments = 1,
    .summary = "show how attention works, number by number",
    .examples =
        "attn explain                          # the topics\n"
        "attn explain self-attention           # every step of it, on three words\n"
        "attn explain masked-self-attention --text \"the pizza came\"\n"
        "attn explain multi-head-attention --d-model 8 --heads 4 --seed 7\n"
        "attn explain self-attention --code | python3\n"
        "attn explain play --text \"To be\" --layer 1 --head 2   # a trained model's numbers",
    .details =
        "Each topic works through one small case. Words are split at white space and get vectors drawn from the seed; "
        "matrices are drawn as torch.nn.Linear draws them after torch.manual_seed.\n"
        "\n"
        "With a model's DIR the steps show its own queries, keys and values for one head, and at the end what it "
        "predicts. A name that is both topic and folder is the topic; ./NAME is the folder.\n"
        "\n"
        "--csv: step,title,matrix,row,row_name,column,column_name,value. --json: topic, title, text, tokens, weights, "
        "and steps with matrices; -∞ is null. A file with its weights is what --weights reads.",
    .list = [](int) { return topic_list(); },
    .words =
        [] {
          std::vector<std::string> names;
          for (const ExplainTopic& topic : explain_topics()) names.emplace_back(topic.name);
          return names;
        },
    .make = make_command<ExplainCommand>,
};

}  // namespace attn
