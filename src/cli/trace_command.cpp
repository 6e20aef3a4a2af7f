// attn trace: the tensors of a pass, as NumPy arrays.

#include <algorithm>

#include "base/file.h"
#include "cli/ablation_option.h"
#include "cli/attention_model.h"
#include "cli/attention_texts.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/table_output.h"
#include "inspection/attention_table.h"
#include "inspection/npy.h"

namespace attn {

namespace {

constexpr std::string_view kTensors[] = {"q", "k", "v", "scores", "weights", "head-output", "residual", "logits"};

/// One array of float32: (outer…, rows, columns) from pieces that lie one after the other.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

class TraceCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    texts_.visit(options);
    options.add(what_, {.name = "what",
                        .metavar = "NAMES",
                        .help = "of q, k, v, scores, weights, head-output, residual, logits, separated by commas"});
    add_ablation_option(options, ablated_);
    options.group("Output");
    options.add(out_, {.name = "out", .metavar = "FILE.npz", .help = "write there", .in_files = false});
    options.add(force_, {.name = "force", .help = "replace the file if it exists", .in_files = false});
    threads_.visit(options);
  }

  int run(Invocation& call) override {
    choose();
    if (!out_.ends_with(".npz")) usage_error("--out ", out_.empty() ? "is missing" : out_, ": expected a FILE.npz");
    const AttentionModel model(call.arguments[0], ablated_);
    const simd::Kernels& kernels = require_kernels();
    ThreadPool pool(threads_.count());
    const std::vector<AttentionText> texts = read_attention_texts(model, texts_, call, kernels, pool);
    check_may_write(out_, force_);
    AtomicFile output(out_);
    NpzWriter archive([&](std::string_view bytes) { output.write(bytes); });
    for (std::size_t i = 0; i < texts.size(); ++i)
      add(archive, "text" + std::to_string(i) + "_", model, texts[i], kernels, pool);
    archive.finish();
    output.commit();
    call.note(
        out_, ": ", what_, " of ", texts.size(), texts.size() == 1 ? " text" : " texts",
        "; next: python3 -c 'import numpy, sys; print({k: a.shape for k, a in numpy.load(sys.argv[1]).items()})' ",
        out_);
    return 0;
  }

 private:
  void choose() {
    std::string_view rest = what_;
    while (true) {
      const std::size_t comma = rest.find(',');
      const std::string_view name = rest.substr(0, comma);
      if (std::ranges::find(kTensors, name) == std::end(kTensors)) {
        usage_error("--what ", name, ": expected q, k, v, scores, weights, head-output, residual or logits");
      }
      wanted_.emplace_back(name);
      if (comma == std::string_view::npos) return;
      rest.remove_prefix(comma + 1);
    }
  }
  bool wants(std::string_view name) const { return std::ranges::find(wanted_, name) != wanted_.end(); }

  void add(NpzWriter& archive, const std::string& prefix, const AttentionModel& model, const AttentionText& text,
           const simd::Kernels& kernels, ThreadPool& pool) const {
    const TraceOptions options{.scores = wants("scores"),
                               .heads = wants("q") || wants("k") || wants("v") || wants("head-output"),
                               .states = wants("residual") || wants("logits")};
    const AttentionTrace trace = model.trace(text.source.ids, text.target.ids, options, kernels, pool);
    for (const AttentionKind kind : model.kinds()) {
      add_heads(archive, prefix + std::string(name_of(kind)) + "_", kind, trace);
      if (kind != AttentionKind::cross && wants("residual")) {
        add_states(archive, prefix + std::string(name_of(kind)) + "_residual", kind, trace, model.config().d_model);
      }
    }
    if (wants("logits") && !trace.states.empty()) {
      const std::vector<float> logits = model.logits(trace.states.back().normed, kernels, pool);
      const std::int64_t vocabulary = model.config().vocabulary;
      const std::int64_t shape[] = {static_cast<std::int64_t>(logits.size()) / vocabulary, vocabulary};
      archive.add(prefix + "logits", npy_floats(shape, logits));
    }
    if (!text.source.names.empty()) archive.add(prefix + "source_tokens", npy_strings(text.source.names));
    if (!text.target.names.empty()) archive.add(prefix + "target_tokens", npy_strings(text.target.names));
  }

  void add_heads(NpzWriter& archive, const std::string& prefix, AttentionKind kind, const AttentionTrace& trace) const {
    const auto put = [&](std::string_view name, std::vector<float> AttentionRecord::*field, auto shape_of) {
      if (!wants(name)) return;
      Array array;
      std::int64_t layers = 0;
      for (const AttentionRecord& record : trace.records) {
        if (record.kind != kind) continue;
        ++layers;
        array.shape = shape_of(record);
        array.values.insert(array.values.end(), (record.*field).begin(), (record.*field).end());
      }
      if (layers == 0) return;
      array.shape.insert(array.shape.begin(), layers);
      archive.add(prefix + std::string(name), npy_floats(array.shape, array.values));
    };
    using Shape = std::vector<std::int64_t>;
    const auto queries = [](const AttentionRecord& r) { return Shape{r.queries, r.heads, r.d_head}; };
    const auto keys = [](const AttentionRecord& r) { return Shape{r.keys, r.kv_heads, r.d_head}; };
    const auto pairs = [](const AttentionRecord& r) { return Shape{r.heads, r.queries, r.keys}; };
    put("q", &AttentionRecord::query, queries);
    put("k", &AttentionRecord::key, keys);
    put("v", &AttentionRecord::value, keys);
    put("scores", &AttentionRecord::scores, pairs);
    put("weights", &AttentionRecord::weights, pairs);
    put("head-output", &AttentionRecord::output, queries);
  }

  static void add_states(NpzWriter& archive, const std::string& name, AttentionKind stack, const AttentionTrace& trace,
                         std::int64_t columns) {
    std::vector<float> values;
    std::int64_t layers = 0;
    for (const StateRecord& state : trace.states) {
      if (state.stack != stack) continue;
      ++layers;
      values.insert(values.end(), state.residual.begin(), state.residual.end());
    }
    if (layers == 0) return;
    const std::int64_t rows = static_cast<std::int64_t>(values.size()) / layers / columns;
    const std::int64_t shape[] = {layers, rows, columns};
    archive.add(name, npy_floats(shape, values));
  }

  AttentionTextOptions texts_;
  std::string what_ = "q,k,v,scores,head-output,residual", out_, ablated_;
  std::vector<std::string> wanted_;
  bool force_ = false;
  ThreadOptions threads_;
};

}  // namespace

const CommandRow kTraceCommand{
    .name = "trace",
    .group = "Look inside",
    .arguments = "DIR [FILE]",
    .least_arguments = 1,
    .most_arguments = 2,
    .summary = "write what a pass computes on its way, as NumPy arrays",
    .examples =
        "attn trace play --text \"To be\" --out pass.npz\n"
        "attn trace play --text \"To be\" --what residual,logits --out pass.npz\n"
        "attn trace en-de --text \"A dog.\" --target \"Ein Hund.\" --what q,k,scores --out pass.npz\n",
    .details =
        "Arrays textN_KIND_NAME of float32, KIND encoder, decoder or cross: q and head-output (layer, query, head, D), "
        "k and v (layer, key, key/value head, D), scores (scaled, unmasked) and weights (layer, head, query, key). "
        "Queries and keys are as they are multiplied, after rotary positions; head-output is what the output "
        "projection "
        "reads. textN_KIND_residual is (layer + 1, token, C): in front of the first layer and behind each one, before "
        "the final norm. textN_logits is (token, V).\n",
    .make = make_command<TraceCommand>,
};

}  // namespace attn
