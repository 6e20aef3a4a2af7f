// attn embed: texts as vectors.

#include "cli/ablation_option.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/encoder_texts.h"
#include "cli/model_source.h"
#include "cli/table_output.h"
#include "generation/text_embedder.h"
#include "inspection/npy.h"
#include "models/sentence_modules.h"

namespace attn {

namespace {

// Vectors that become one .npy file when all are known.
class NpyVectors {
 public:
  explicit NpyVectors(std::int64_t columns) : columns_(columns) {}
  void add(std::span<const float> vector) { values_.insert(values_.end(), vector.begin(), vector.end()); }
  void write(const Sink& sink) const {
    const std::int64_t shape[] = {static_cast<std::int64_t>(values_.size()) / columns_, columns_};
    sink(npy_float_header(shape));
    sink({reinterpret_cast<const char*>(values_.data()), values_.size() * sizeof(float)});
  }

 private:
  std::int64_t columns_;
  std::vector<float> values_;
};

class EmbedCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    input_.visit(options);
    options.group("Vectors");
    options.add(per_token_, {.name = "per-token", .help = "a vector for every token instead of one a text"});
    add_ablation_option(options, ablated_);
    table_.visit(options);
    threads_.visit(options);
  }

  int run(Invocation& call) override {
    const std::string& folder = call.arguments[0];
    const EncoderSource source = open_encoder(folder, call.command, {ablated_});
    const SentenceModules modules = read_sentence_modules(ModelFolder(folder));
    std::optional<std::string> file;
    if (call.arguments.size() > 1) file = call.arguments[1];
    TextInput input(input_, file, call, "texts to embed, one a line");
    const bool npy = table_.out.ends_with(".npy");
    if (npy && table_.format) usage_error("--format contradicts the ending of --out ", table_.out);
    TableOutput output(table_, call);
    std::optional<TableWriter> table;
    if (!npy) table.emplace(output.table(column_names(source.config().d_model)));
    NpyVectors vectors(source.config().d_model);

    // A row of the table, or of the array. Tokens are told apart by the columns before the vector.
    const auto write = [&](std::span<const float> vector) {
      if (npy) return vectors.add(vector);
      for (const float value : vector) table->cell(value);
      table->end_row();
    };
    ThreadPool pool(threads_.count());
    const auto feed = [&](auto& runner) {
      encode_texts(
          input, *source.tokenizer, source.config(), {.max_tokens = modules.max_tokens}, call,
          [&](const EncoderText& text) { runner.add(text); },
          [&] {
            runner.flush();
            if (table) output.flush(*table);
          });
    };
    if (per_token_) {
      EncoderRunner runner(*source.model, require_kernels(), pool, [&](const EncoderRunner::Batch& batch) {
        for_each_token(batch, [&](std::int64_t text, std::int32_t row, std::span<const float> vector) {
          if (table) {
            table->cell(text).cell(batch.tokens.sequences.positions[row]);
            table->cell(source.tokenizer->token_text(batch.tokens.ids[row]));
          }
          write(vector);
        });
      });
      feed(runner);
    } else {
      TextEmbedder embedder(*source.model, modules.pooling, modules.unit, require_kernels(), pool,
                            [&](std::int64_t, std::span<const float> vector) { write(vector); });
      feed(embedder);
    }
    if (table) table->finish();
    if (npy) vectors.write(output.sink());
    output.commit();
    return 0;
  }

 private:
  std::vector<std::string> column_names(int columns) const {
    std::vector<std::string> names;
    if (per_token_) names = {"text", "position", "token"};
    for (int i = 0; i < columns; ++i) names.push_back(concat("v", i));
    return names;
  }

  template <class Take>
  static void for_each_token(const EncoderRunner::Batch& batch, const Take& take) {
    const Sequences& sequences = batch.tokens.sequences;
    const std::int64_t columns = batch.hidden.columns();
    for (std::int32_t b = 0; b < sequences.count; ++b) {
      for (std::int32_t row = sequences.starts[b]; row < sequences.starts[b + 1]; ++row) {
        take(batch.first_text + b, row,
             std::span<const float>(batch.hidden.data + row * columns, static_cast<std::size_t>(columns)));
      }
    }
  }

  InputOptions input_;
  TableOptions table_;
  ThreadOptions threads_;
  bool per_token_ = false;
  std::string ablated_;
};

}  // namespace

const CommandRow kEmbedCommand{
    .name = "embed",
    .group = "Train and use a model",
    .arguments = "DIR [FILE]",
    .least_arguments = 1,
    .most_arguments = 2,
    .summary = "turn texts into vectors",
    .examples =
        "attn embed titles items.txt --out items.npy     # one vector a line\n"
        "attn embed titles --text \"a short film\"\n"
        "attn embed titles pairs.txt --per-token         # \"bank\" here and \"bank\" there\n",
    .details =
        "Columns: v0,v1,…, a row for each text; with --per-token text,position,token,v0,…, a row for each token that "
        "the model reads, [CLS] and [SEP] included. FILE.npy holds the same rows as a float32 array for NumPy.\n"
        "\n"
        "A model from attn train embed gives vectors of length 1: their dot product is the cosine. Of another encoder "
        "the vector is the mean of its tokens' states, unless the folder's modules.json says otherwise.\n",
    .make = make_command<EmbedCommand>,
};

}  // namespace attn
