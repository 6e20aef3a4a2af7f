#pragma once
// What tasks with an encoder share: fill, classify and embed.

#include <string>

#include "cli/train_defaults.h"
#include "cli/train_options.h"
#include "cli/train_recipe.h"
#include "models/encoder.h"
#include "models/folder.h"
#include "text/example_batches.h"
#include "text/example_file.h"
#include "text/line_examples.h"
#include "text/tokenizer.h"
#include "text/tokenizer_trainer.h"

namespace attn {

/// The training of a new encoder's tokenizer; kind, size and case come from the options.
TokenizerTraining encoder_tokenizer();

/// Tokens of the longest example, special ones included: --context, or that of the model of --from, or 128.
int longest_encoder_text(const TrainOptions& options);

/// Columns `first`, `first` + 1, … of a line as the fields of an example: with the special tokens around each, and cut
/// so that none is longer than `longest`.
EncodeLine encode_columns(const Tokenizer& tokenizer, int longest, std::size_t first = 0);
/// One text so. Whether it was cut is added to `cut`.
std::vector<std::int32_t> encode_example(const Tokenizer& tokenizer, int longest, std::string_view text, bool& cut);

/// Settles every model option that is open, --dropout apart, for examples of which the longest has `longest` tokens;
/// `from`: the model of --from, whose head is replaced, or null. Throws Error (usage) if what was said does not fit
/// together.
ModelConfig settle_encoder(TrainOptions& options, const ModelFolder* from, Head head, const Tokenizer& tokenizer,
                           std::int64_t train_tokens, std::int64_t longest);

/// Settles --batch or --batch-tokens and says what an update is. `targets` and `tokens`: of all training examples;
/// `output_weights`: of a target that passes the output projection.
TrainingWork encoder_work(TrainOptions& options, const ModelConfig& config, const ExampleFile& train,
                          std::int64_t tokens_of_an_update, double targets, double output_weights);
BatchOptions batches_of(const TrainOptions& options);

/// Writes tokenizer.json and tokenizer_config.json with the special tokens of encoders.
void save_encoder_tokenizer(const std::string& folder, const ModelConfig& config, const Tokenizer& tokenizer);

/// For TrainRecipe::open_probe.
ProbeTrace encoder_probe(const EncoderModel& model, const Tokenizer& tokenizer, const std::string& text);

}  // namespace attn
