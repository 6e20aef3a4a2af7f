// attn train chat: a decoder-only model on prompts with replies.

#include <algorithm>

#include "base/error.h"
#include "cli/line_data.h"
#include "cli/train_decoder.h"
#include "cli/train_probe.h"
#include "cli/train_recipe.h"
#include "cli/train_tasks.h"
#include "generation/dialogue.h"
#include "models/decoder.h"
#include "text/chat_format.h"
#include "training/chat_task.h"

namespace attn {

namespace {

constexpr Architecture kArchitectures[] = {Architecture::gpt2, Architecture::llama};
constexpr int kTokensOfAnUpdate = 1024;
// Room for a few turns, and for the longest one unless it is an exception.
constexpr std::int64_t kDefaultContext = 128, kLongestDefaultContext = 512, kTurns = 4;
constexpr int kSampleTokens = 60;

class ChatRecipe : public TrainRecipe {
 public:
  void prepare_data(TrainOptions& options, const std::string& folder) override {
    LineDataPlan plan{.columns = {"prompt", "reply"}, .encode = encoder};
    plan.tokenizer.special_tokens.emplace_back(kEndOfText);
    data_.emplace(LineData::prepare(options, folder, plan));
  }
  void reopen_data(const TrainOptions& options, const std::string& folder) override {
    data_.emplace(LineData::reopen(options, folder));
  }
  std::vector<std::string> data_sha256() const override { return data_->summary().sha256; }
  std::int64_t valid_characters() const override { return data_->summary().valid.characters[1]; }

  std::string describe_data() const override {
    std::int64_t cut = 0;
    for (std::int64_t i = 0; i < data_->train().size(); ++i) cut += turn_tokens(i) > context_;
    if (cut == 0) return data_->describe();
    return concat(data_->describe(), "\n", cut, " of the lines for training are longer than the context of ", context_,
                  " tokens and were cut");
  }

  ModelConfig settle_model(TrainOptions& options, const ModelFolder* from) override {
    if (from) {
      const ModelConfig config = from->read_config();
      adopt_decoder(options, config, data_->vocabulary());
      return config;
    }
    settle(options.context, default_context());
    ModelConfig config = settle_decoder(options, data_->vocabulary(), data_->train().total());
    config.begin_id = config.end_id = data_->tokenizer().id_of(kEndOfText);
    return config;
  }

  TrainingWork settle_work(TrainOptions& options, const ModelConfig& config) override {
    if (options.batch && options.batch_tokens) usage_error("--batch and --batch-tokens exclude each other");
    if (!options.batch) settle(options.batch_tokens, kTokensOfAnUpdate);
    const auto lines = static_cast<double>(data_->train().size());
    const auto all = static_cast<double>(data_->train().total());
    const double in_batch =
        options.batch ? static_cast<double>(*options.batch) * all / lines : static_cast<double>(*options.batch_tokens);
    const double read = in_batch * static_cast<double>(options.accumulate);
    return {.tokens_of_an_update = read * static_cast<double>(data_->train().total(1)) / all,
            .updates_of_an_epoch = all / read,
            .flops_of_an_update = read * decoder_flops_per_token(config, *options.context / 2.0)};
  }

  TrainingTask& build(const TrainOptions& options, const ModelConfig& config) override {
    model_.emplace(config);
    context_ = *options.context;
    return task_.emplace(*model_, data_->train(), data_->valid(),
                         ChatTaskOptions{.context = *options.context,
                                         .batch = options.batch.value_or(0),
                                         .batch_tokens = options.batch_tokens.value_or(0),
                                         .accumulate = options.accumulate,
                                         .label_smoothing = static_cast<float>(*options.label_smoothing),
                                         .seed = options.seed,
                                         .eval_batches = options.eval_batches,
                                         .valid_characters = static_cast<double>(valid_characters())});
  }

  void save_files(const std::string& folder, const ModelConfig& config) override {
    SpecialTokenNames names;
    names.begin = names.end = std::string(kEndOfText);
    save_tokenizer(folder, config, data_->tokenizer().to_json(), names);
  }

  std::string sample(const simd::Kernels& kernels, ThreadPool& pool) override {
    std::vector<std::int32_t> prompt(static_cast<std::size_t>(data_->valid().length(0, 0)));
    data_->valid().read(0, 0, prompt.data());
    prompt.pop_back();  // the separator
    const std::string text = data_->tokenizer().decode(prompt);
    Dialogue dialogue(*model_, data_->tokenizer(), kernels, pool, {.tokens = kSampleTokens}, 0);
    return concat(text, " -> ", dialogue.reply(text));
  }

  ProbeTrace open_probe(const std::string& text) override { return decoder_probe(*model_, data_->tokenizer(), text); }

 private:
  static EncodeLine encoder(const LineCorpus&, const Tokenizer& tokenizer) {
    const auto end = tokenizer.id_of(kEndOfText);
    if (!end)
      fail(
          "--from: the model has no end-of-text token to end a reply with; expected one trained on several "
          "texts or with --lines");
    return [format = ChatFormat(tokenizer, end)](const std::vector<std::string>& columns, EncodedLine& line) {
      line.fields[0] = format.prompt(columns[0]);
      line.fields[1] = format.reply(columns[1]);
    };
  }

  // What the model reads of an example.
  std::int64_t turn_tokens(std::int64_t example) const { return data_->train().tokens(example) - 1; }

  int default_context() const {
    std::int64_t longest = 1;
    for (std::int64_t i = 0; i < data_->train().size(); ++i) longest = std::max(longest, turn_tokens(i));
    const std::int64_t turns = std::min(kDefaultContext, kTurns * longest);
    return static_cast<int>(std::clamp(longest, turns, kLongestDefaultContext));
  }

  std::optional<LineData> data_;
  std::int64_t context_ = 0;  // of a training sequence
  std::optional<DecoderModel> model_;
  std::optional<ChatTask> task_;
};

}  // namespace

const TrainTaskRow kTrainChat{
    .name = "chat",
    .data = "prompt<TAB>reply lines",
    .model = "a decoder-only model that answers",
    .example = "attn train chat pairs.tsv",
    .architectures = kArchitectures,
    .make = make_recipe<ChatRecipe>,
};

}  // namespace attn
