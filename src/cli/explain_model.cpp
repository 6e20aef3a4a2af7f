#include "cli/explain_model.h"

#include "base/error.h"
#include "base/utf8.h"
#include "cli/model_source.h"
#include "generation/encoder_runner.h"
#include "generation/translate_text.h"

namespace attn {

namespace {

constexpr std::pair<std::string_view, AttentionKind> kKinds[] = {
    {"encoder", AttentionKind::encoder}, {"decoder", AttentionKind::decoder}, {"cross", AttentionKind::cross}};

/// The head that was asked for; `usual` is the kind if none was named.
ExplainedHead place_of(const ExplainModelOptions& chosen, const ModelConfig& config, AttentionKind usual) {
  const AttentionKind kind = chosen.kind.value_or(usual);
  const bool translator = config.architecture == Architecture::transformer;
  if (kind != usual && !translator) {
    usage_error("--kind ", kKinds[static_cast<int>(kind)].first, ": all attention of this model is of kind ",
                kKinds[static_cast<int>(usual)].first);
  }
  const int layers = translator && kind != AttentionKind::encoder ? config.decoder_layers : config.layers;
  if (chosen.layer >= layers) usage_error("--layer ", chosen.layer, ": the model has layers 0 to ", layers - 1);
  if (chosen.head >= config.heads) usage_error("--head ", chosen.head, ": the model has heads 0 to ", config.heads - 1);
  return {kind, chosen.layer, chosen.head};
}

void check_use(const ExplainCaseOptions& example, const OptionTable& options, ModelKind kind) {
  const char* const unused = !example.input.empty()                            ? "--input"
                             : !example.weights.empty()                        ? "--weights"
                             : options.is_set(example.seed)                    ? "--seed"
                             : example.d_model                                 ? "--d-model"
                             : example.heads                                   ? "--heads"
                             : options.is_set(example.style)                   ? "--style"
                             : example.target && kind != ModelKind::translator ? "--target"
                                                                               : nullptr;
  if (unused != nullptr)
    usage_error(unused, " is nothing for a trained model", kind == ModelKind::translator ? "" : " that reads one text");
  if (!example.text) usage_error("a model needs a text to work on: --text \"To be\"");
  for (const auto* text : {&example.text, &example.target}) {
    if (*text && find_invalid_utf8(**text)) usage_error(text == &example.text ? "--text" : "--target", " is not UTF-8");
  }
}

/// The start token, then the target as given, or what the model writes itself.
ModelText target_of(const EncoderDecoderSource& source, const ExplainCaseOptions& example, const ExplainTools& tools) {
  std::string target;
  if (example.target) {
    target = *example.target;
  } else {
    const std::string line[] = {*example.text};
    target = translate_lines(*source.model, *source.tokenizer, tools.kernels, tools.pool, line, {})[0];
  }
  ModelText text{{source.config().pad_id.value_or(0)}};
  for (const std::int32_t id : source.tokenizer->encode(target)) text.ids.push_back(id);
  const auto context = static_cast<std::size_t>(source.config().context);
  if (!example.target && text.ids.size() > context) text.ids.resize(context);
  return text;
}

}  // namespace

void ExplainModelOptions::visit(OptionTable& options) {
  options.group("Model");
  options.add(
      kind, kKinds,
      {.name = "kind", .default_text = "what the model has; cross of encoder-decoders", .help = "which attention"});
  options.add(layer, {.name = "layer", .metavar = "N", .minimum = 0, .help = "which layer, from 0"});
  options.add(head, {.name = "head", .metavar = "N", .minimum = 0, .help = "which head, from 0"});
}

Explanation explain_folder(const std::string& path, const ExplainCaseOptions& example,
                           const ExplainModelOptions& chosen, const ExplainTools& tools, const Invocation& call) {
  const ModelKind kind = kind_of(ModelFolder(path).read_config());
  check_use(example, call.options, kind);
  if (kind == ModelKind::decoder) {
    const DecoderSource source = open_decoder(path, call.command);
    const ExplainedHead place = place_of(chosen, source.config(), AttentionKind::decoder);
    const ModelText text{source.tokenizer->add_special_tokens(source.tokenizer->encode(*example.text)).ids};
    return explain_model(*source.model, *source.tokenizer, tools, path, place, text);
  }
  if (kind == ModelKind::translator) {
    const EncoderDecoderSource source = open_encoder_decoder(path, call.command);
    const ExplainedHead place = place_of(chosen, source.config(), AttentionKind::cross);
    const ModelText text{encode_source(*source.tokenizer, source.config(), *example.text).ids};
    return explain_model(*source.model, *source.tokenizer, tools, path, place, text, target_of(source, example, tools));
  }
  const EncoderSource source = open_encoder(path, call.command);
  const ExplainedHead place = place_of(chosen, source.config(), AttentionKind::encoder);
  EncoderText encoded = encode_text(*source.tokenizer, source.config().context, *example.text, true);
  if (encoded.cut > 0) {
    call.note("attn: the text is longer than the model's context of ", source.config().context, "; its last ",
              encoded.cut, " tokens are left out");
  }
  return explain_model(*source.model, *source.tokenizer, tools, path, place,
                       {std::move(encoded.ids), std::move(encoded.types)});
}

}  // namespace attn
