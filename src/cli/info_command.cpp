// attn info: what a model is made of, what it needs, and where it came from.

#include <algorithm>
#include <cmath>
#include <map>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/model_sizes.h"
#include "cli/model_source.h"
#include "cli/saved_training.h"

namespace attn {

namespace {

/// Parameters that every layer has, or one that stands alone.
struct ParameterGroup {
  std::string name;  // "layers.N.attention.qkv.weight"
  Shape shape;
  std::int64_t copies = 0;  // layers
};

/// Name with the layer's number replaced by N: "decoder.layers.N.feed_forward.up.weight".
std::string group_name(const std::string& name) {
  constexpr std::string_view kLayers = "layers.";
  const std::size_t layers = name.find(kLayers);
  if (layers == name.npos) return name;
  const std::size_t number = layers + kLayers.size();
  return name.substr(0, number) + "N" + name.substr(name.find('.', number));
}

std::vector<ParameterGroup> group_parameters(const Parameters& parameters) {
  std::vector<ParameterGroup> groups;
  std::map<std::string, std::size_t> places;
  for (const NamedParameter& parameter : parameters.list()) {
    const auto [place, is_new] = places.emplace(group_name(parameter.name), groups.size());
    if (is_new) groups.push_back({place->first, parameter.tensor.shape, 0});
    ++groups[place->second].copies;
  }
  return groups;
}

/// A model of any family.
struct AnyModel {
  ModelConfig config;
  std::shared_ptr<const Parameters> parameters;
};

template <class Model>
AnyModel any(std::unique_ptr<Model> model) {
  const std::shared_ptr<Model> shared = std::move(model);
  return {shared->config(), {shared, &shared->parameters()}};
}

AnyModel load_any(const ModelFolder& folder) {
  switch (folder.read_config().architecture) {
    case Architecture::bert:
      return any(load_encoder(folder));
    case Architecture::transformer:
      return any(load_encoder_decoder(folder));
    default:
      return any(load_decoder(folder));
  }
}

class InfoCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    options.group("Compare");
    options.add(presets_, {.name = "preset",
                           .metavar = "NAMES",
                           .help = "sizes of published models beside the model's own: of transformer-base, bert-base, "
                                   "gpt2, llama-3.1-405b, separated by commas"});
    options.group("Output");
    options.add(json_, {.name = "json", .help = "print everything as JSON"});
  }

  int run(Invocation& call) override {
    if (!presets_.empty()) return compare(call);
    if (call.arguments.empty()) usage_error("info needs a model: attn info DIR, or attn info --preset gpt2");
    const ModelFolder folder(call.arguments[0]);
    const AnyModel model = load_any(folder);
    const std::unique_ptr<Tokenizer> tokenizer = folder.has(kTokenizerFile) ? open_tokenizer(folder) : nullptr;
    const Json info = describe(folder, model, tokenizer.get());
    call.out.write(json_ ? write_json(info, 2) + "\n" : text_of(info, model));
    return 0;
  }

 private:
  int compare(Invocation& call) const {
    std::vector<ModelSizes> models;
    for (const std::string& path : call.arguments) {
      const ModelConfig config = ModelFolder(path).read_config();
      models.push_back({path, config, std::llround(parameter_count(config)), "", ""});
    }
    add_presets(models, presets_);
    call.out.write(json_ ? write_json(sizes_to_json(models), 2) + "\n" : sizes_to_text(models));
    return 0;
  }

  static Json describe(const ModelFolder& folder, const AnyModel& model, const Tokenizer* tokenizer);
  static std::string text_of(const Json& info, const AnyModel& model);

  std::string presets_;
  bool json_ = false;
};

Json InfoCommand::describe(const ModelFolder& folder, const AnyModel& model, const Tokenizer* tokenizer) {
  const ModelConfig& config = model.config;
  const std::int64_t count = model.parameters->count();
  Json info = Json::object();
  info.append("model", folder.path()).append("kind", attn::describe(kind_of(config)));
  const std::string_view held_by = transformers_class(config);
  info.append("transformers_class", held_by.empty() ? Json() : Json(held_by));
  info.append("config", parse_json(config_to_json(config), "config"));
  if (tokenizer != nullptr) {
    Json described = Json::object();
    described.append("kind", tokenizer->kind()).append("vocabulary", tokenizer->vocabulary_size());
    info.append("tokenizer", std::move(described));
  }
  Json parameters = Json::array();
  for (const ParameterGroup& group : group_parameters(*model.parameters)) {
    Json shape = Json::array();
    if (group.shape.rank == 2) shape.push_back(static_cast<long long>(group.shape.rows));
    shape.push_back(static_cast<long long>(group.shape.columns));
    Json row = Json::object();
    row.append("name", group.name).append("shape", std::move(shape));
    row.append("copies", static_cast<long long>(group.copies));
    row.append("numbers", static_cast<long long>(group.copies * group.shape.size()));
    parameters.push_back(std::move(row));
  }
  info.append("parameters", std::move(parameters)).append("parameter_count", static_cast<long long>(count));
  info.append("memory_bytes", memory_of(config, count));
  Json training = Json::object();
  for (const auto& [name, value] : saved_options(folder)) training.append(name, value);
  info.append("training", std::move(training));
  return info;
}

/// "  name   value" lines below a heading.
void append_section(std::string& text, std::string_view heading, const std::vector<std::string>& names,
                    const std::vector<std::string>& values) {
  std::size_t width = 0;
  for (const std::string& name : names) width = std::max(width, name.size());
  text += concat("\n", heading, "\n");
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += concat("  ", names[i], std::string(width - names[i].size() + 2, ' '), values[i], "\n");
  }
}

std::string InfoCommand::text_of(const Json& info, const AnyModel& model) {
  const Json& held_by = info.at("transformers_class");
  std::string text = concat(
      info.at("model").as_string(), ": ", info.at("kind").as_string(), " of ", grouped(model.parameters->count()),
      " parameters; ",
      held_by.is_null() ? "no class of transformers holds this combination" : "in transformers: " + held_by.as_string(),
      "\n");
  std::vector<std::string> names, values;
  const auto add = [&](std::string name, std::string value) {
    names.push_back(std::move(name));
    values.push_back(std::move(value));
  };
  const auto section = [&](std::string_view heading) {
    append_section(text, heading, names, values);
    names.clear();
    values.clear();
  };
  for (const auto& [name, value] : info.at("config").as_object()) {
    if (name != "architectures") add(name, value.is_string() ? value.as_string() : write_json(value));
  }
  if (const Json* tokenizer = info.find("tokenizer")) {
    add("tokenizer", concat(tokenizer->at("kind").as_string(), ", ", tokenizer->at("vocabulary").as_int(), " tokens"));
  }
  section("Configuration");
  for (const ParameterGroup& group : group_parameters(*model.parameters)) {
    const std::string copies = group.copies > 1 ? concat(" x ", group.copies) : "";
    add(group.name, concat(to_string(group.shape), copies, " = ", grouped(group.copies * group.shape.size())));
  }
  section("Parameters");
  const Json& memory = info.at("memory_bytes");
  const auto bytes = [&](const char* key) { return readable_bytes(memory.at(key).as_double()); };
  add("weights", bytes("weights"));
  if (memory.at("cache").as_int() > 0) {
    const bool two = kind_of(model.config) == ModelKind::translator;
    add("cache", concat(bytes("cache"), " of keys and values for ", two ? "a source and a target" : "one text",
                        " as long as the context"));
  }
  add("training", bytes("training_state") + " of weights, gradients and moments, and activations");
  section("Memory");
  for (const auto& [name, value] : info.at("training").as_object()) add(name, value.as_string());
  if (names.empty()) add("nothing is known", "there is no " + std::string(kTrainingOptionsFile));
  section("Where it came from");
  return text;
}

}  // namespace

const CommandRow kInfoCommand = {
    .name = "info",
    .group = "Look inside",
    .arguments = "[DIR]",
    .least_arguments = 0,
    .most_arguments = 1,
    .summary = "show a model's configuration, parameters, memory and origin",
    .examples =
        "attn info play             # configuration, parameters, memory, training\n"
        "attn info play --preset gpt2,llama-3.1-405b   # how large published models are, beside it\n"
        "attn info play --json",
    .make = make_command<InfoCommand>,
};

}  // namespace attn
