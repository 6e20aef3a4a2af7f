#include "cli/train_options.h"

#include <string_view>
#include <utility>

namespace attn {

namespace {

constexpr std::pair<std::string_view, Architecture> kArchitectures[] = {{"gpt2", Architecture::gpt2},
                                                                        {"llama", Architecture::llama},
                                                                        {"bert", Architecture::bert},
                                                                        {"transformer", Architecture::transformer}};
constexpr std::pair<std::string_view, Positions> kPositions[] = {{"sinusoidal", Positions::sinusoidal},
                                                                 {"learned", Positions::learned},
                                                                 {"rotary", Positions::rotary},
                                                                 {"none", Positions::none}};
constexpr std::pair<std::string_view, NormKind> kNorms[] = {{"layer", NormKind::layer}, {"rms", NormKind::rms}};
constexpr std::pair<std::string_view, NormPlace> kNormPlaces[] = {{"pre", NormPlace::pre}, {"post", NormPlace::post}};
constexpr std::pair<std::string_view, Pooling> kPoolings[] = {{"cls", Pooling::first}, {"mean", Pooling::mean}};
constexpr std::pair<std::string_view, FeedForwardKind> kActivations[] = {
    {"relu", FeedForwardKind::relu}, {"gelu", FeedForwardKind::gelu}, {"swiglu", FeedForwardKind::swiglu}};
constexpr std::pair<std::string_view, TokenizerKind> kTokenizers[] = {{"char", TokenizerKind::character},
                                                                      {"byte", TokenizerKind::byte},
                                                                      {"bpe", TokenizerKind::bpe},
                                                                      {"word", TokenizerKind::word}};
constexpr std::pair<std::string_view, Schedule> kSchedules[] = {{"cosine", Schedule::cosine},
                                                                {"linear", Schedule::linear},
                                                                {"noam", Schedule::noam},
                                                                {"constant", Schedule::constant}};
constexpr std::pair<std::string_view, OptimizerKind> kOptimizers[] = {{"adamw", OptimizerKind::adamw},
                                                                      {"muon", OptimizerKind::muon}};
constexpr std::pair<std::string_view, Precision> kPrecisions[] = {{"f32", Precision::f32}, {"bf16", Precision::bf16}};

}  // namespace

void TrainOptions::visit(OptionTable& options) {
  visit_run(options);
  visit_learning(options);
  options.add(task, {.name = "task"});
}

void TrainOptions::visit_learning(OptionTable& options) {
  visit_model(options);
  visit_text(options);
  visit_optimisation(options);
  visit_evaluation(options);

  options.add(data, {.name = "data"});
  options.add(data_sha256, {.name = "data-sha256"});
  options.add(program_version, {.name = "program-version"});
  options.add(instruction_set, {.name = "instruction-set"});
}

void TrainOptions::visit_run(OptionTable& options) {
  options.group("Run");
  options.add(out, {.name = "out", .metavar = "DIR", .help = "the model's folder", .in_files = false});
  options.add(force, {.name = "force", .help = "replace a model that DIR holds already", .in_files = false});
  options.add(resume,
              {.name = "resume", .help = "continue what DIR holds: attn train --resume DIR", .in_files = false});
  options.add(plan, {.name = "plan",
                     .help = "print parameters, peak memory and seconds per 1,000 steps; train nothing",
                     .in_files = false});
  options.add(json, {.name = "json", .help = "print the result as JSON at the end", .in_files = false});
}

void TrainOptions::visit_model(OptionTable& options) {
  const std::string_view by_data = "fits the data";
  options.group("Model");
  options.add(architecture, kArchitectures,
              {.name = "arch", .default_text = "by the task", .help = "the family whose defaults and format are used"});
  options.add(layers, {.name = "layers", .metavar = "N", .minimum = 1, .default_text = by_data, .help = "layers"});
  options.add(decoder_layers, {.name = "decoder-layers",
                               .metavar = "N",
                               .minimum = 1,
                               .default_text = "layers",
                               .help = "layers of the decoder that translates"});
  options.add(
      heads,
      {.name = "heads", .metavar = "N", .minimum = 1, .default_text = "d-model / 32", .help = "attention heads"});
  options.add(kv_heads, {.name = "kv-heads",
                         .metavar = "N",
                         .minimum = 1,
                         .default_text = "heads",
                         .help = "key/value heads, shared by groups of query heads"});
  options.add(d_model,
              {.name = "d-model", .metavar = "N", .minimum = 1, .default_text = by_data, .help = "width of the model"});
  options.add(d_ff, {.name = "d-ff",
                     .metavar = "N",
                     .minimum = 1,
                     .default_text = "4 d-model; swiglu 8/3",
                     .help = "width of the feed-forward layers"});
  options.add(context, {.name = "context",
                        .metavar = "TOKENS",
                        .minimum = 1,
                        .default_text = by_data,
                        .help = "longest sequence the model sees"});
  options.add(dropout, {.name = "dropout",
                        .metavar = "P",
                        .minimum = 0,
                        .maximum = 0.99,
                        .default_text = by_data,
                        .help = "fraction of activations and attention weights dropped in training"});
  options.add(token_dropout, {.name = "token-dropout",
                              .metavar = "P",
                              .minimum = 0,
                              .maximum = 0.99,
                              .default_text = "0.3",
                              .help = "part of a text's tokens hidden behind [MASK] while classify trains"});
  options.add(positions, kPositions,
              {.name = "positions",
               .default_text = "gpt2 and bert learned, llama rotary, transformer sinusoidal",
               .help = "how the model knows the order of tokens"});
  options.add(norm, kNorms, {.name = "norm", .default_text = "layer; llama rms", .help = "normalisation"});
  options.add(norm_place, kNormPlaces,
              {.name = "norm-place",
               .default_text = "pre; bert and transformer post",
               .help = "before or after each sublayer"});
  options.add(activation, kActivations,
              {.name = "activation",
               .default_text = "gelu; llama swiglu, transformer relu",
               .help = "of the feed-forward layers"});
  options.add(tie, {.name = "tie",
                    .default_text = "tied; llama not",
                    .help = "the output projection shares the embedding's weights"});
  options.add(pooling, kPoolings,
              {.name = "pooling",
               .default_text = "classify cls, embed mean",
               .help = "a text's vector: the state of [CLS], or the mean of all tokens' states"});
  options.add(from, {.name = "from", .metavar = "DIR", .help = "start from this model's weights and tokenizer"});
}

void TrainOptions::visit_text(OptionTable& options) {
  options.group("Text");
  options.add(tokenizer, kTokenizers, {.name = "tokenizer", .help = "what a token is; learnt from the training part"});
  options.add(vocab_size, {.name = "vocab-size",
                           .metavar = "N",
                           .minimum = 2,
                           .default_text = "up to 1024 for generate, else 8000; less for short texts",
                           .help = "largest vocabulary of bpe and word"});
  options.add(lowercase, {.name = "lowercase", .help = "train on the text in lower case"});
  options.add(lines, {.name = "lines", .help = "every line is a document of its own"});
  options.add(columns,
              {.name = "columns",
               .metavar = "NAME",
               .help = "columns of .csv and .tsv files: label=sentiment,text=2; with --lines the one of the text"});
  options.add(header, {.name = "header", .help = "files that are no .csv begin with the names of their columns too"});
  options.add(valid,
              {.name = "valid", .metavar = "FILE", .default_text = "a part of the data", .help = "validation data"});
  options.add(valid_fraction, {.name = "valid-fraction",
                               .metavar = "P",
                               .minimum = 0,
                               .maximum = 0.9,
                               .default_text = "0.1, of lines 0.05",
                               .help = "part of each text, or of the lines, held out for validation"});
}

void TrainOptions::visit_optimisation(OptionTable& options) {
  options.group("Optimisation");
  options.add(
      steps, {.name = "steps", .metavar = "N", .minimum = 1, .default_text = "fits data and model", .help = "updates"});
  options.add(epochs, {.name = "epochs",
                       .metavar = "X",
                       .minimum = 0,
                       .above_minimum = true,
                       .help = "updates, as passes over the training tokens"});
  options.add(time,
              {.name = "time", .metavar = "TIME", .help = "updates, as many as fit in this time: 90s, 10m, 1h30m"});
  options.add(batch, {.name = "batch",
                      .metavar = "N",
                      .minimum = 1,
                      .default_text = "fits the model",
                      .help = "sequences of an update, or lines"});
  options.add(batch_tokens, {.name = "batch-tokens",
                             .metavar = "N",
                             .minimum = 1,
                             .help = "the same as a number of tokens, instead of --batch"});
  options.add(accumulate, {.name = "accumulate",
                           .metavar = "N",
                           .minimum = 1,
                           .help = "batches whose gradients are added up for one update"});
  options.add(optimizer, kOptimizers,
              {.name = "optimizer", .help = "update rule; muon: AdamW, but Muon for the matrices inside the layers"});
  options.add(
      precision, kPrecisions,
      {.name = "precision",
       .help = "of what is multiplied; bf16 is faster on many processors with AMX or AVX-512: see attn help speed"});
  options.add(lr, {.name = "lr",
                   .metavar = "X",
                   .minimum = 0,
                   .above_minimum = true,
                   .default_text = "fits the model",
                   .help = "highest learning rate"});
  options.add(min_lr, {.name = "min-lr",
                       .metavar = "X",
                       .minimum = 0,
                       .default_text = "lr / 10",
                       .help = "learning rate at the end of cosine and linear schedules"});
  options.add(warmup, {.name = "warmup",
                       .metavar = "STEPS",
                       .minimum = 0,
                       .default_text = "steps / 20, at most 200",
                       .help = "updates with a rising learning rate"});
  options.add(schedule, kSchedules,
              {.name = "schedule", .default_text = "cosine", .help = "the learning rate over the updates"});
  options.add(weight_decay,
              {.name = "weight-decay", .metavar = "X", .minimum = 0, .default_text = "0.1", .help = "of matrices"});
  options.add(beta1,
              {.name = "beta1", .metavar = "X", .minimum = 0, .maximum = 0.9999, .help = "AdamW's first moment"});
  options.add(beta2, {.name = "beta2",
                      .metavar = "X",
                      .minimum = 0,
                      .maximum = 0.99999,
                      .default_text = "0.99",
                      .help = "AdamW's second moment"});
  options.add(eps, {.name = "eps", .metavar = "X", .minimum = 0, .above_minimum = true, .help = "AdamW's ε"});
  options.add(
      clip,
      {.name = "clip", .metavar = "X", .minimum = 0, .help = "largest norm of all gradients together; 0: no limit"});
  options.add(label_smoothing, {.name = "label-smoothing",
                                .metavar = "P",
                                .minimum = 0,
                                .maximum = 0.99,
                                .default_text = "0",
                                .help = "weight of the even distribution in the training loss"});
  options.add(class_weights,
              {.name = "class-weights", .help = "rare labels count as much as frequent ones in the loss"});
  options.add(seed, {.name = "seed", .metavar = "N", .help = "of initial values, batches and dropout"});
  options.add(average, {.name = "average",
                        .metavar = "N",
                        .minimum = 0,
                        .help = "also try the average of the last N evaluated models; 0: do not"});
}

void TrainOptions::visit_evaluation(OptionTable& options) {
  options.group("Evaluation and saving");
  options.add(eval_every, {.name = "eval-every",
                           .metavar = "STEPS",
                           .minimum = 1,
                           .default_text = "steps / 10",
                           .help = "updates between evaluations"});
  options.add(eval_batches, {.name = "eval-batches",
                             .metavar = "N",
                             .minimum = 0,
                             .default_text = "up to 200,000 tokens",
                             .help = "batches of an evaluation; the end uses the whole validation part"});
  options.add(patience, {.name = "patience",
                         .metavar = "N",
                         .minimum = 0,
                         .help = "stop after N evaluations without a better loss; 0: never"});
  options.add(sample_every, {.name = "sample-every",
                             .metavar = "STEPS",
                             .minimum = 0,
                             .help = "show a generated text at the first evaluation after each N updates; 0: none"});
  options.add(probe, {.name = "probe",
                      .metavar = "TEXT",
                      .help = "add this text's attention to training/probe.csv at every evaluation"});
  options.add(save_every, {.name = "save-every",
                           .metavar = "STEPS",
                           .minimum = 0,
                           .help = "keep a model folder training/step-N every N updates; 0: none"});
  options.add(keep, {.name = "keep", .metavar = "N", .minimum = 1, .help = "newest training/step-N to keep"});
}

}  // namespace attn
