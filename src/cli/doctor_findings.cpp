#include "cli/doctor_findings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/options.h"

namespace attn {

namespace {

std::string number(double value, int digits = 3) {
  if (!std::isfinite(value)) return "no number";
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

std::string percent(double part) {
  return number(100 * part, 2) + " %";
}

std::string_view word(Verdict verdict) {
  return verdict == Verdict::ok ? "ok" : verdict == Verdict::look ? "look" : "bad";
}

std::string colored(Verdict verdict, std::string text, bool color) {
  if (!color) return text;
  const char* const code = verdict == Verdict::ok ? "32" : verdict == Verdict::look ? "33" : "31";
  return concat("\x1b[", code, "m", text, "\x1b[0m");
}

}  // namespace

double loss_of_ignorance(const ModelConfig& config) {
  if (config.head == Head::language || config.head == Head::masked)
    return std::log(static_cast<double>(config.vocabulary));
  return config.labels.empty() ? 0 : std::log(static_cast<double>(config.labels.size()));
}

Finding judge_initial_loss(double loss, double expected, bool started) {
  Finding finding{.check = "initial loss", .measured = concat(number(loss), " nats"), .figures = {{"loss", loss}}};
  if (expected > 0) {
    finding.figures.emplace_back("expected", expected);
    finding.measured +=
        concat(started ? "; a model that knows nothing would have ln V = " : "; equal probabilities would have ln V = ",
               number(expected));
  }
  if (!std::isfinite(loss)) {
    finding.verdict = Verdict::bad;
    finding.advice = "The loss is no number before the first step: look at the data and at --from.";
  } else if (expected > 0 && loss > 1.5 * expected + 0.1) {
    finding.verdict = Verdict::bad;
    finding.advice =
        "The model begins far more certain than it can be, and wrong: its first steps will only undo that. Its initial "
        "weights are too large for this shape, or --from has nothing to do with these data.";
  } else if (expected > 0 && !started && std::fabs(loss - expected) > 0.15 * expected + 0.05) {
    finding.verdict = Verdict::look;
    finding.advice = loss < expected
                         ? "Below what a model without knowledge can reach: do the targets stand in the input?"
                         : "Above equal probabilities: the model begins with opinions, which cost its first steps.";
  }
  return finding;
}

Finding judge_overfit(const OverfitResult& result, double learning_rate) {
  Finding finding{.check = "overfits one batch",
                  .measured = concat("loss ", number(result.first), " -> ", number(result.last), " in ", result.steps,
                                     " steps on a single batch"),
                  .figures = {{"first", result.first},
                              {"last", result.last},
                              {"steps", static_cast<double>(result.steps)},
                              {"learning_rate", learning_rate}}};
  if (!(result.last < 0.9 * result.first)) {
    finding.verdict = Verdict::bad;
    finding.advice = concat("Not even one batch is learnt at --lr ", number(learning_rate),
                            ": try a tenth of it, and see whether the targets follow from the inputs at all.");
  } else if (!(result.last < 0.5 * result.first)) {
    finding.verdict = Verdict::look;
    finding.advice = concat("One batch should be learnt by heart. Try another --lr (now ", number(learning_rate),
                            "), pre-norm (--norm-place pre), or a larger model; equal inputs with different targets "
                            "cannot be learnt.");
  }
  return finding;
}

Finding judge_gradients(const std::vector<GradientError>& errors) {
  Finding finding{.check = "gradients"};
  if (errors.empty()) {
    finding.verdict = Verdict::look;
    finding.measured = "too small to be measured";
    finding.advice = "Nothing reaches the parameters: everything is learnt, or the model is dead.";
    return finding;
  }
  const auto worst =
      std::max_element(errors.begin(), errors.end(), [](const auto& a, const auto& b) { return a.error < b.error; });
  finding.measured = concat("along those of ", errors.size(), " tensors the loss changes as they say, within ",
                            percent(std::max(worst->error, 1e-4)), " (", worst->parameter, ")");
  finding.figures = {{"tensors", static_cast<double>(errors.size())}, {"largest_error", worst->error}};
  if (!(worst->error < 0.1)) {
    finding.verdict = Verdict::bad;
    finding.advice = concat("Backward pass and loss disagree at ", worst->parameter, ": length ", number(worst->length),
                            ", measured ", number(worst->measured),
                            ". The loss is hardly smooth there (a far too large rate left huge weights?), or the "
                            "program is wrong: please report it.");
  } else if (!(worst->error < 0.05)) {
    finding.verdict = Verdict::look;
    finding.advice = "Some kinks (ReLU) and large weights do this; above 10 % it would be an error.";
  }
  return finding;
}

Finding judge_units(const std::vector<SilentUnits>& layers, std::string_view activation) {
  std::int64_t units = 0, silent = 0;
  const SilentUnits* worst = nullptr;
  for (const SilentUnits& layer : layers) {
    units += layer.units;
    silent += layer.silent;
    if (worst == nullptr || layer.silent > worst->silent) worst = &layer;
  }
  const double part = units > 0 ? static_cast<double>(silent) / static_cast<double>(units) : 0;
  Finding finding{.check = "dead units",
                  .measured = concat(silent, " of ", units, " feed-forward units (", activation,
                                     ") are dead or saturated: no gradient reaches their weights"),
                  .figures = {{"units", static_cast<double>(units)}, {"silent", static_cast<double>(silent)}}};
  if (part > 0.1) {
    finding.verdict = part > 0.5 ? Verdict::bad : Verdict::look;
    finding.advice = concat("Most in ", worst->layer, ": ", worst->silent, " of ", worst->units,
                            ". A smaller --lr or a longer --warmup keeps them alive; --activation gelu or swiglu can "
                            "recover where relu cannot.");
  }
  return finding;
}

Finding judge_heads(const std::vector<HeadEntropy>& heads) {
  constexpr double kCollapsed = 0.02, kEven = 0.99;
  std::int64_t collapsed = 0, even = 0;
  double sum = 0;
  for (const HeadEntropy& head : heads) {
    collapsed += head.entropy < kCollapsed ? 1 : 0;
    even += head.entropy > kEven ? 1 : 0;
    sum += head.entropy;
  }
  const auto count = static_cast<double>(heads.size());
  Finding finding{.check = "attention entropy", .figures = {{"heads", count}}};
  if (heads.empty()) {
    finding.measured = "no query has a choice of keys in the validation part";
    return finding;
  }
  finding.measured = concat(number(sum / count, 2), " of an even spread on average; ", collapsed, " of ", heads.size(),
                            " heads see a single key only, ", even, " all keys alike");
  finding.figures.insert(
      finding.figures.end(),
      {{"mean", sum / count}, {"collapsed", static_cast<double>(collapsed)}, {"even", static_cast<double>(even)}});
  if (2 * collapsed > std::ssize(heads)) {
    finding.verdict = Verdict::bad;
    finding.advice =
        "Attention has collapsed: the scores have grown so large that softmax passes no gradient any more. A smaller "
        "--lr, a longer --warmup or more --weight-decay prevents it. Which heads: attn attention DIR FILE --stats.";
  } else if (even == std::ssize(heads)) {
    finding.verdict = Verdict::look;
    finding.advice =
        "No head has learnt where to look; every token sees the mean of all. Train longer, or does order not matter "
        "here?";
  }
  return finding;
}

Finding judge_learning(const std::vector<Evaluation>& log, double initial_loss) {
  const auto best = std::min_element(log.begin(), log.end(),
                                     [](const auto& a, const auto& b) { return a.valid_loss < b.valid_loss; });
  const Evaluation& last = log.back();
  Finding finding{.check = "learning",
                  .measured = concat("validation loss ", number(initial_loss), " -> ", number(best->valid_loss),
                                     " at step ", best->step, " of ", last.step),
                  .figures = {{"initial", initial_loss},
                              {"best", best->valid_loss},
                              {"best_step", static_cast<double>(best->step)},
                              {"last", last.valid_loss},
                              {"steps", static_cast<double>(last.step)}}};
  constexpr std::int64_t kShort = 500;  // steps that need not have led anywhere yet
  if (!(best->valid_loss < 0.98 * initial_loss)) {
    finding.verdict = last.step < kShort && std::isfinite(last.valid_loss) ? Verdict::look : Verdict::bad;
    finding.advice =
        "Nothing was learnt. If one batch can be learnt (above), training was too short, or the validation part has "
        "little to do with the training part.";
  } else if (!(last.valid_loss < 0.9 * initial_loss) && !(last.valid_loss < 1.1 * best->valid_loss) &&
             !(last.train_loss < best->train_loss)) {  // else it only overfits
    finding.verdict = Verdict::bad;
    finding.advice = concat("The loss fell and rose again, to ", number(last.valid_loss),
                            ": --lr is too large, or --warmup too short.");
  }
  return finding;
}

Finding judge_gap(const std::vector<Evaluation>& log) {
  const auto best = std::min_element(log.begin(), log.end(),
                                     [](const auto& a, const auto& b) { return a.valid_loss < b.valid_loss; });
  const Evaluation& last = log.back();
  const double gap = last.valid_loss - last.train_loss;
  Finding finding{.check = "generalises",
                  .measured = concat("at the end training loss ", number(last.train_loss), ", validation loss ",
                                     number(last.valid_loss)),
                  .figures = {{"train_loss", last.train_loss}, {"valid_loss", last.valid_loss}, {"gap", gap}}};
  const bool rose = last.valid_loss > 1.03 * best->valid_loss && last.train_loss < last.valid_loss;
  if (rose) {
    finding.verdict = last.valid_loss > 1.5 * best->valid_loss ? Verdict::bad : Verdict::look;
    finding.advice = concat("Overfitting: validation was best at step ", best->step, " (", number(best->valid_loss),
                            ", the model that is kept) and has risen since. Fewer --steps, --patience, more --dropout, "
                            "a smaller model or more text.");
  } else if (gap > 0.5 * last.valid_loss && gap > 0.2) {
    finding.verdict = Verdict::look;
    finding.advice =
        "Training texts are known far better than others. More text, more --dropout or a smaller model would narrow "
        "the gap.";
  }
  return finding;
}

std::string findings_text(const std::vector<Finding>& findings, int width, bool color) {
  constexpr std::size_t kIndent = 26;
  std::string text;
  for (const Finding& finding : findings) {
    const std::string_view verdict = word(finding.verdict);
    text += colored(finding.verdict, std::string(verdict), color) + std::string(6 - verdict.size(), ' ');
    text += finding.check + std::string(kIndent - 6 - finding.check.size(), ' ');
    text += wrapped(finding.measured, kIndent, width);
    if (!finding.advice.empty()) text += std::string(kIndent, ' ') + wrapped(finding.advice, kIndent, width);
  }
  return text;
}

Json findings_json(const std::vector<Finding>& findings) {
  Json all = Json::array();
  for (const Finding& finding : findings) {
    Json json;
    json.append("check", finding.check);
    json.append("verdict", word(finding.verdict));
    for (const auto& [name, value] : finding.figures) json.append(name, std::isfinite(value) ? Json(value) : Json());
    json.append("measured", finding.measured);
    json.append("advice", finding.advice.empty() ? Json() : Json(finding.advice));
    all.push_back(std::move(json));
  }
  return all;
}

}  // namespace attn
