#include "training/checkpoint.h"

#include <map>
#include <span>

#include "base/error.h"
#include "base/json.h"
#include "models/safetensors.h"

namespace attn {

namespace {

constexpr const char* kStateKey = "trainer";
constexpr std::size_t kFixedTensors = 3;  // before the models to be averaged

std::string average_name(std::size_t index) {
  return concat("average.", index);
}

// The one list of the state's fields, for saving and for loading.
template <class State, class Visitor>
void visit_fields(State& state, Visitor&& visit) {
  visit("step", state.step);
  visit("tokens", state.tokens);
  visit("seconds", state.seconds);
  visit("loss_since_evaluation", state.since_evaluation.loss);
  visit("targets_since_evaluation", state.since_evaluation.targets);
  visit("seconds_at_evaluation", state.seconds_at_evaluation);
  visit("tokens_at_evaluation", state.tokens_at_evaluation);
  visit("best_loss", state.best_loss);
  visit("best_step", state.best_step);
  visit("evaluations_without_gain", state.evaluations_without_gain);
  visit("recent_step_seconds", state.recent_step_seconds);
  visit("finished", state.finished);
}

void read_field(const Json& json, const std::string& what, std::int64_t& value) {
  value = json.as_int(what);
}
void read_field(const Json& json, const std::string& what, bool& value) {
  value = json.as_bool(what);
}
// Infinity, the best loss before the first evaluation, is null in JSON.
void read_field(const Json& json, const std::string& what, double& value) {
  value = json.is_null() ? std::numeric_limits<double>::infinity() : json.as_double(what);
}

}  // namespace

void save_training_state(const std::string& path, Trainer& trainer, const Parameters& parameters,
                         const CheckpointAverage& average) {
  Json fields = Json::object();
  visit_fields(trainer.state(), [&](const char* name, const auto& value) { fields.set(name, value); });
  fields.set("updates", trainer.optimizer().updates());

  const std::vector<std::int64_t> shape{parameters.size()};
  const std::span<const float> values(parameters.values(), static_cast<std::size_t>(parameters.size()));
  const std::span<const float> first(trainer.optimizer().first_moment());
  const std::span<const float> second(trainer.optimizer().second_moment());
  std::vector<OutgoingTensor> tensors = {outgoing("parameters", "F32", shape, values),
                                         outgoing("first_moment", "F32", shape, first),
                                         outgoing("second_moment", "F32", shape, second)};
  for (const std::vector<float>& model : average.models()) {
    tensors.push_back(
        outgoing(average_name(tensors.size() - kFixedTensors), "F32", shape, std::span<const float>(model)));
  }
  write_safetensors(path, {{kStateKey, write_json(fields)}}, tensors);
}

void load_training_state(const std::string& path, Trainer& trainer, Parameters& parameters,
                         CheckpointAverage& average) {
  const SafetensorsFile file(path);
  const auto found = file.metadata().find(kStateKey);
  if (found == file.metadata().end()) fail(path, ": no metadata \"", kStateKey, "\"; this is no state of a training");
  const Json fields = parse_json(found->second, path);

  TrainerState state;
  visit_fields(state, [&](const char* name, auto& value) { read_field(fields.at(name, path), path, value); });
  file.read_exactly("parameters", "F32",
                    std::span<float>(parameters.values(), static_cast<std::size_t>(parameters.size())));
  file.read_exactly("first_moment", "F32", std::span<float>(trainer.optimizer().first_moment()));
  file.read_exactly("second_moment", "F32", std::span<float>(trainer.optimizer().second_moment()));
  std::vector<std::vector<float>> models;
  while (models.size() < average.capacity() && file.find(average_name(models.size()))) {
    std::vector<float> model(static_cast<std::size_t>(parameters.size()));
    file.read_exactly(average_name(models.size()), "F32", std::span<float>(model));
    models.push_back(std::move(model));
  }
  average.set_models(std::move(models));
  trainer.optimizer().set_updates(fields.at("updates", path).as_int(path));
  trainer.state() = state;
}

}  // namespace attn
