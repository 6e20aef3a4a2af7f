// attn attention: every weight of every head, as a table or as arrays.

#include <algorithm>

#include "cli/ablation_option.h"
#include "cli/attention_model.h"
#include "cli/attention_pictures.h"
#include "cli/attention_texts.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/table_output.h"
#include "inspection/attention_arrays.h"
#include "inspection/attention_rollout.h"
#include "inspection/attention_statistics.h"
#include "inspection/attention_table.h"
#include "inspection/attention_words.h"

namespace attn {

namespace {

enum class Layout { rows, wide };
constexpr std::pair<std::string_view, Layout> kLayouts[] = {{"long", Layout::rows}, {"wide", Layout::wide}};
constexpr std::pair<std::string_view, AttentionKind> kKinds[] = {
    {"encoder", AttentionKind::encoder}, {"decoder", AttentionKind::decoder}, {"cross", AttentionKind::cross}};

/// Above this many weights, the size is told before anything is written.
constexpr std::int64_t kManyWeights = 10'000'000;

/// What is written: a table, NumPy's files, or pictures.
enum class Form { table, statistics, npy, npz, heat_map, svg, html };

class AttentionCommand : public Command {
 public:
  void visit(OptionTable& options) override;
  int run(Invocation& call) override;

 private:
  void check_options(const AttentionModel& model) const;
  void check_list(const char* option, const std::vector<int>& values, int count, const char* what) const;
  Form statistics_form() const;
  Form form(const Terminal& terminal) const;
  bool asks_for_table() const;
  void report(const std::string& content, std::size_t texts, const Invocation& call) const;
  AttentionSelection selection() const;
  double bytes_per_weight(TableFormat format) const;
  std::vector<AttentionKind> kinds(const AttentionModel& model) const;
  std::int64_t count_all(const AttentionModel& model, const std::vector<AttentionText>& texts) const;
  AttentionTableOptions table_options(TableFormat format, const AttentionModel& model,
                                      const std::vector<AttentionText>& texts) const;
  TracedText trace(const AttentionModel& model, const AttentionText& text) const;
  std::string write(const AttentionModel& model, const std::vector<AttentionText>& texts, Sink sink, TableFormat format,
                    const Terminal& terminal) const;

  std::vector<int> layers_, heads_;
  std::string ablated_;
  std::optional<AttentionKind> kind_;
  std::optional<int> top_;
  float min_weight_ = 0;
  Form form_ = Form::table;
  bool show_ = false;
  bool statistics_ = false, rollout_ = false;
  bool masked_ = true, scores_ = false;
  Layout layout_ = Layout::rows;
  AttentionTextOptions texts_;
  TableOptions output_;
  ThreadOptions threads_;
  const simd::Kernels* kernels_ = nullptr;
  mutable std::optional<ThreadPool> pool_;
};

void AttentionCommand::visit(OptionTable& options) {
  texts_.visit(options);
  options.add(texts_.truncate, {.name = "truncate", .help = "cut texts that are longer than the model's context"});
  add_ablation_option(options, ablated_);
  options.group("Selection");
  options.add(layers_, {.name = "layer", .metavar = "N,N", .default_text = "all", .help = "only these layers, from 0"});
  options.add(heads_, {.name = "head", .metavar = "N,N", .default_text = "all", .help = "only these heads, from 0"});
  options.add(kind_, kKinds, {.name = "kind", .default_text = "all", .help = "only this kind of attention"});
  options.add(top_, {.name = "top",
                     .metavar = "K",
                     .minimum = 1,
                     .default_text = "all",
                     .help = "of each query only the K largest weights, the largest first"});
  options.add(min_weight_,
              {.name = "min-weight", .metavar = "W", .minimum = 0, .maximum = 1, .help = "only weights of at least W"});
  options.add(masked_, {.name = "masked", .help = "leave out pairs that the mask forbids, whose weight is 0"});
  options.group("Summaries");
  options.add(statistics_, {.name = "stats",
                            .help = "a row a head: entropy, distance, shares on the first token, the previous one, "
                                    "itself, and on what followed the same token before (induction)"});
  options.add(rollout_, {.name = "rollout",
                         .help = "how much of each input has reached each place, layer upon layer (Abnar, Zuidema "
                                 "2020), as the only head of each layer"});
  options.group("Table");
  options.add(texts_.words, {.name = "words", .help = "words instead of tokens: keys summed, queries averaged"});
  options.add(layout_, kLayouts, {.name = "layout", .help = "a row a weight, or a row a query with keys as columns"});
  options.add(scores_, {.name = "scores", .help = "add the scaled scores before mask and softmax"});
  output_.visit(options);
  options.add(show_,
              {.name = "show", .help = "heat maps in the terminal, which it shows also without --out and --format"});
  threads_.visit(options);
}

int AttentionCommand::run(Invocation& call) {
  const AttentionModel model(call.arguments[0], ablated_);
  if (show_ && (output_.format || !output_.out.empty())) {
    usage_error("--show is for the terminal; it contradicts ", output_.format ? "--format" : "--out");
  }
  form_ = form(call.terminal);
  check_options(model);
  kernels_ = &require_kernels();
  pool_.emplace(threads_.count());
  const std::vector<AttentionText> texts = read_attention_texts(model, texts_, call, *kernels_, *pool_);
  if ((form_ == Form::npy || form_ == Form::svg) && texts.size() != 1) {
    usage_error("--out ", output_.out, ": ", form_ == Form::npy ? "an .npy" : "an .svg",
                " file holds one text, but there are ", texts.size(), "; ", form_ == Form::npy ? ".npz" : ".html",
                " holds them all");
  }
  TableOutput output(output_, call);
  const std::int64_t weights = count_all(model, texts);
  if (weights > kManyWeights && form_ != Form::statistics) {
    const double bytes = static_cast<double>(weights) * bytes_per_weight(output.format());
    call.note("attention: up to ", weights, " weights, about ", static_cast<std::int64_t>(bytes / 1e6), " MB");
  }
  const std::string content = write(model, texts, output.sink(), output.format(), call.terminal);
  output.commit();
  report(content, texts.size(), call);
  return 0;
}

void AttentionCommand::report(const std::string& content, std::size_t texts, const Invocation& call) const {
  if (form_ == Form::heat_map && call.terminal.output) {
    call.note("one head: --layer 0 --head 0; in a browser: --out a.html; data: --format csv");
  }
  if (output_.out.empty()) return;
  const char* const next = form_ == Form::svg || form_ == Form::html ? "xdg-open "
                           : form_ == Form::table || form_ == Form::statistics
                               ? "head -3 "
                               : "python3 -c 'import numpy, sys; print(numpy.load(sys.argv[1]))' ";
  call.note(output_.out, ": ", content, " of ", texts, texts == 1 ? " text" : " texts", "; next: ", next, output_.out);
}

void AttentionCommand::check_list(const char* option, const std::vector<int>& values, int count,
                                  const char* what) const {
  for (const int value : values) {
    if (value < 0 || value >= count) {
      usage_error(option, " ", value, ": the model has ", what, " 0 to ", count - 1);
    }
  }
}

std::vector<AttentionKind> AttentionCommand::kinds(const AttentionModel& model) const {
  if (kind_) return {*kind_};
  std::vector<AttentionKind> all = model.kinds();
  if (rollout_) std::erase(all, AttentionKind::cross);
  return all;
}

void AttentionCommand::check_options(const AttentionModel& model) const {
  if (kind_ && !model.has(*kind_)) {
    usage_error("--kind ", name_of(*kind_), ": this is ", describe(model.kind()), ", whose attention is all of kind ",
                name_of(model.kinds().front()));
  }
  int layers = 0;
  for (const AttentionKind kind : kinds(model)) layers = std::max(layers, model.layers(kind));
  check_list("--layer", layers_, layers, "layers");
  check_list("--head", heads_, model.config().heads, "heads");
  if (form_ == Form::npy && kinds(model).size() > 1) {
    usage_error("--out ", output_.out, ": an .npy file holds one kind of attention: --kind encoder, decoder or cross; ",
                ".npz holds them all");
  }
  if (rollout_ && statistics_) usage_error("--rollout contradicts --stats: the statistics are of heads");
  if (rollout_ && scores_) usage_error("--rollout contradicts --scores: it has weights only");
  if (rollout_ && kind_ == AttentionKind::cross) {
    usage_error("--rollout is of self-attention: --kind encoder or decoder, not cross");
  }
  if (scores_ && texts_.words) usage_error("--scores contradicts --words: the scores of a word's pieces have no sum");
  if (form_ == Form::table) return;
  if (form_ == Form::statistics) {
    const char* const option = scores_                   ? "--scores"
                               : layout_ == Layout::wide ? "--layout wide"
                               : top_                    ? "--top"
                               : min_weight_ > 0         ? "--min-weight"
                               : !masked_                ? "--no-masked"
                                                         : nullptr;
    if (option != nullptr) usage_error(option, " is for tables of weights; --stats has a row a head");
    return;
  }
  const char* option = output_.format            ? "--format"
                       : scores_                 ? "--scores"
                       : layout_ == Layout::wide ? "--layout wide"
                       : top_                    ? "--top"
                       : min_weight_ > 0         ? "--min-weight"
                       : !masked_                ? "--no-masked"
                                                 : nullptr;
  if (option == nullptr) return;
  if (form_ == Form::heat_map) usage_error(option, " is for tables, --show for a picture of all weights");
  usage_error(option, " is for tables; ", output_.out, " holds all weights");
}

/// Whether options were given that only a table has.
bool AttentionCommand::asks_for_table() const {
  return output_.format || output_.no_header || scores_ || layout_ == Layout::wide || top_ || min_weight_ > 0 ||
         !masked_;
}

Form AttentionCommand::statistics_form() const {
  if (show_) usage_error("--stats contradicts --show: it is a table");
  for (const std::string_view ending : {".npy", ".npz", ".svg", ".html"}) {
    if (output_.out.ends_with(ending)) {
      usage_error("--out ", output_.out, ": --stats is a table, in a .csv, .tsv, .jsonl or .json file");
    }
  }
  return Form::statistics;
}

Form AttentionCommand::form(const Terminal& terminal) const {
  if (statistics_) return statistics_form();
  if (show_) return Form::heat_map;
  if (output_.out.empty()) return terminal.output && !asks_for_table() ? Form::heat_map : Form::table;
  if (output_.out.ends_with(".npy")) return Form::npy;
  if (output_.out.ends_with(".svg")) return Form::svg;
  if (output_.out.ends_with(".html")) return Form::html;
  return output_.out.ends_with(".npz") ? Form::npz : Form::table;
}

AttentionSelection AttentionCommand::selection() const {
  AttentionSelection chosen{layers_, heads_, {}, top_.value_or(0), min_weight_, masked_};
  if (kind_) chosen.kinds = {*kind_};
  return chosen;
}

/// Roughly: for telling how large the output becomes.
double AttentionCommand::bytes_per_weight(TableFormat format) const {
  if (form_ != Form::table) return 4;
  if (layout_ == Layout::wide) return 12;
  return format == TableFormat::json || format == TableFormat::jsonl ? 125 : 40;
}

std::int64_t AttentionCommand::count_all(const AttentionModel& model, const std::vector<AttentionText>& texts) const {
  const AttentionSelection chosen = selection();
  std::int64_t heads = 0, weights = 0;
  for (int head = 0; head < model.config().heads; ++head) heads += chosen.has_head(head) ? 1 : 0;
  for (const AttentionKind kind : kinds(model)) {
    std::int64_t layers = 0;
    for (int layer = 0; layer < model.layers(kind); ++layer) {
      if (layers_.empty() || std::find(layers_.begin(), layers_.end(), layer) != layers_.end()) ++layers;
    }
    for (const AttentionText& text : texts) {
      const auto queries = static_cast<std::int64_t>(text.queries(kind).names.size());
      const auto keys = static_cast<std::int64_t>(text.keys(kind).names.size());
      weights += layers * heads * count_weights(chosen, kind == AttentionKind::decoder, queries, keys);
    }
  }
  return weights;
}

AttentionTableOptions AttentionCommand::table_options(TableFormat format, const AttentionModel& model,
                                                      const std::vector<AttentionText>& texts) const {
  AttentionTableOptions options;
  options.format = format;
  options.header = !output_.no_header;
  options.scores = scores_;
  options.wide = layout_ == Layout::wide;
  if (!options.wide) return options;
  // The longest keys of any text and kind name the columns; with tokens if all keys are the same.
  const AttentionSide* widest = nullptr;
  bool same = true;
  for (const AttentionText& text : texts) {
    for (const AttentionKind kind : kinds(model)) {
      const AttentionSide& keys = text.keys(kind);
      same &= widest == nullptr || widest == &keys;
      if (widest == nullptr || keys.names.size() > widest->names.size()) widest = &keys;
    }
  }
  for (std::size_t key = 0; widest != nullptr && key < widest->names.size(); ++key) {
    options.key_names.push_back(std::to_string(key) + (same ? ":" + widest->names[key] : ""));
  }
  return options;
}

TracedText AttentionCommand::trace(const AttentionModel& model, const AttentionText& text) const {
  TracedText traced{model.trace(text.source.ids, text.target.ids, {.scores = scores_}, *kernels_, *pool_).records,
                    text.source.names, text.target.names};
  if (rollout_) traced.records = attention_rollout(traced.records);
  if (!texts_.words) return traced;
  for (AttentionRecord& record : traced.records) {
    record = merge_words(record, text.queries(record.kind).words, text.keys(record.kind).words);
  }
  return traced;
}

std::string AttentionCommand::write(const AttentionModel& model, const std::vector<AttentionText>& texts, Sink sink,
                                    TableFormat format, const Terminal& terminal) const {
  if (form_ == Form::npy) {
    sink(attention_npy(selection(), kinds(model).front(), trace(model, texts[0]).records));
    return "float32 (layer, head, query, key)";
  }
  if (form_ == Form::heat_map || form_ == Form::svg || form_ == Form::html) {
    std::vector<TracedText> traced;
    for (const AttentionText& text : texts) traced.push_back(trace(model, text));
    if (form_ == Form::html) {
      write_page(model.path(), traced, selection(), sink);
      return "a page for the browser";
    }
    sink(form_ == Form::svg ? svg_picture(traced[0], selection()) : terminal_pictures(traced, selection(), terminal));
    return "heat map";
  }
  if (form_ == Form::npz) {
    AttentionArchive archive(selection(), sink);
    for (std::size_t i = 0; i < texts.size(); ++i) archive.add(static_cast<int>(i), trace(model, texts[i]));
    archive.finish();
    return concat("arrays textN_", name_of(kinds(model).front()), " (layer, head, query, key) and tokens");
  }
  if (form_ == Form::statistics) {
    AttentionStatistics statistics(selection());
    for (const AttentionText& text : texts) {
      const TracedText traced = trace(model, text);
      for (const AttentionRecord& record : traced.records) {
        statistics.add(record, traced.query_tokens(record.kind), traced.key_tokens(record.kind));
      }
    }
    TableWriter table(format, AttentionStatistics::columns(), !output_.no_header, sink);
    statistics.write(table);
    table.finish();
    return "statistics of heads";
  }
  AttentionTable table(selection(), table_options(format, model, texts), sink);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const TracedText traced = trace(model, texts[i]);
    for (const AttentionRecord& record : traced.records) {
      table.add(static_cast<int>(i), record, traced.query_tokens(record.kind), traced.key_tokens(record.kind));
    }
  }
  table.finish();
  return "attention weights";
}

}  // namespace

const CommandRow kAttentionCommand = {
    .name = "attention",
    .group = "Look inside",
    .arguments = "DIR [FILE]",
    .least_arguments = 1,
    .most_arguments = 2,
    .summary = "print every attention weight of a model for given texts",
    .examples =
        "attn attention play --text \"To be\" > a.csv      # every weight, as CSV\n"
        "attn attention play lines.txt --out a.npz       # arrays for NumPy, a text a line\n"
        "attn attention play --text \"To be\" --top 3 --layer 0 --format tsv\n"
        "attn attention play --text \"To be\" --words --layout wide\n"
        "attn attention en-de --text \"A dog.\" --target \"Ein Hund.\" --kind cross > a.csv\n"
        "attn attention play lines.txt --stats             # what each head does, in a few numbers\n"
        "attn attention play --text \"To be\" --show           # heat maps in the terminal\n"
        "attn attention play --text \"To be\" --out a.svg      # a picture of all heads\n"
        "attn attention play lines.txt --out a.html      # a page to look around in, in the browser",
    .details =
        "Columns: text,layer,head,kind,query,query_token,key,key_token,weight. All numbers count\n"
        "from 0, and the weights of each query sum to 1. Token columns hold the text of the\n"
        "token, bytes that are no whole character as \\xE2. In the wide layout keys are columns,\n"
        "named by number and, if there is one text, token.\n"
        "\n"
        "Encoder-decoder models have the kinds encoder, decoder (masked) and cross. They take\n"
        "source<TAB>target lines, or sources, and then show their own greedy translation. Queries of\n"
        "the decoder are what it reads: the start token at 0, then the target; the row of query t\n"
        "predicts token t of the target. Sources end with the end token.\n"
        "\n"
        "--out FILE.npy holds float32 (layer, head, query, key) of one text and kind; FILE.npz the\n"
        "arrays text0_decoder, text0_tokens, text1_decoder and so on, of translations text0_encoder,\n"
        "text0_decoder, text0_cross, text0_source_tokens and text0_target_tokens. FILE.svg is a picture\n"
        "of one head, if --layer and --head leave one, or of all; FILE.html a page with every text,\n"
        "layer and head.",
    .make = make_command<AttentionCommand>,
};

}  // namespace attn
