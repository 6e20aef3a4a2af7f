#include "cli/train_report.h"

#include <sys/resource.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "base/error.h"
#include "base/json.h"
#include "cli/progress.h"

namespace attn {

namespace {

std::string rounded(double value, int digits) {
  std::string text = std::to_string(std::round(value * std::pow(10.0, digits)) / std::pow(10.0, digits));
  return text.substr(0, text.find('.') + (digits > 0 ? static_cast<std::size_t>(digits) + 1 : 0));
}

// "4 layers of 4 heads"; of an encoder-decoder "4 + 4 layers of 4 heads".
std::string describe_layers(const ModelConfig& config) {
  std::string text = std::to_string(config.layers);
  const bool two_stacks = config.architecture == Architecture::transformer;
  if (two_stacks) text += concat(" + ", config.decoder_layers);
  text += config.layers == 1 && !two_stacks ? " layer of " : " layers of ";
  return text + concat(config.heads, config.heads == 1 ? " head" : " heads");
}

}  // namespace

std::string describe_model(const ModelConfig& config, std::int64_t parameters) {
  std::string text = concat("model: ", name_of(config.architecture), ", ", describe_layers(config), ", d_model ",
                            config.d_model, ", d_ff ", config.d_ff, ", context ", config.context, ", dropout ",
                            config.dropout, "; ", format_count(static_cast<double>(parameters)), " parameters");
  if (transformers_class(config).empty()) {
    text += "\nno class of transformers holds this combination: saved with model_type \"attn\"";
  }
  return text;
}

std::string describe_training(const TrainOptions& options, const TrainingWork& work, double seconds, int threads,
                              const char* instruction_set) {
  const double epochs = static_cast<double>(*options.steps) / work.updates_of_an_epoch;
  return concat("training: ", *options.steps, " steps of ", format_count(work.tokens_of_an_update), " tokens (",
                rounded(epochs, 1), " passes over the data), learning rate ", *options.lr, "; about ",
                seconds < 90 ? rounded(seconds, 0) + " seconds" : rounded(seconds / 60, 1) + " minutes", " with ",
                threads, threads == 1 ? " thread, " : " threads, ", instruction_set);
}

double bits_per_character(const LossSum& loss, std::int64_t characters) {
  if (characters == 0) return std::numeric_limits<double>::quiet_NaN();
  return loss.loss / std::numbers::ln2 / static_cast<double>(characters);
}

// A validation loss so much above the best one has risen, not wavered.
constexpr double kRisen = 1.02;

std::string describe_result(const TrainSession::Result& result, const TrainerState& state, double bits) {
  std::string text;
  if (result.end == TrainingEnd::patience) text = "no better loss any more: stopped early\n";
  if (result.end == TrainingEnd::time) text = "the time is up: stopped early\n";
  text += concat("last model: step ", state.step, ", valid loss ", rounded(result.last.mean(), 4), "\n");
  text += result.averaged ? std::string("best model: the average of the last ones")
                          : concat("best model: step ", state.best_step);
  text += concat(", valid loss ", rounded(result.best.mean(), 4));
  if (!std::isnan(bits)) text += concat(" (", rounded(bits, 3), " bits per character)");
  text += ", over the whole validation part";
  const bool rose = result.last.mean() > kRisen * result.best.mean() && 2 * state.best_step < state.step;
  if (rose && !result.averaged) {
    text += concat("\nafter step ", state.best_step,
                   " the model learnt the data by heart: more text, more --dropout or a smaller --d-model may help");
  }
  return text;
}

std::string result_json(const TrainSession::Result& result, const TrainerState& state, double bits,
                        std::int64_t parameters, const std::string& model_sha256) {
  Json json = Json::object();
  json.set("steps", state.step).set("tokens", state.tokens).set("seconds", state.seconds);
  json.set("tokens_per_second", state.seconds > 0 ? static_cast<double>(state.tokens) / state.seconds : 0.0);
  json.set("train_loss", result.last_row.train_loss).set("valid_loss", result.best.mean());
  json.set("valid_bits_per_character", bits).set("best_step", state.best_step).set("parameters", parameters);
  json.set("peak_memory_bytes", peak_memory_bytes()).set("model_sha256", model_sha256);
  return write_json(json) + "\n";
}

std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::int64_t>(usage.ru_maxrss) * 1024;
}

std::string describe_plan(const PlanFigures& figures, bool as_json) {
  if (as_json) {
    Json json = Json::object();
    json.set("parameters", figures.parameters).set("peak_memory_bytes", figures.peak_memory_bytes);
    json.set("seconds_per_1000_steps", figures.seconds_per_1000_steps).set("steps", figures.steps);
    return write_json(json) + "\n";
  }
  return concat("parameters ", figures.parameters, "\npeak_memory_bytes ", figures.peak_memory_bytes,
                "\nseconds_per_1000_steps ", rounded(figures.seconds_per_1000_steps, 1), "\nsteps ", figures.steps,
                "\n");
}

}  // namespace attn
