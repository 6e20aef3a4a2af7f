// attn evaluate for models of train chat: how likely they find given replies, and how often their own are the same.

#include <cmath>
#include <deque>
#include <numbers>

#include "base/utf8.h"
#include "cli/evaluation.h"
#include "cli/model_source.h"
#include "generation/dialogue.h"
#include "generation/token_scores.h"
#include "text/chat_format.h"
#include "training/chat_task.h"

namespace attn {

namespace {

class ChatEvaluation : public ModelEvaluation {
 public:
  explicit ChatEvaluation(const EvaluationCall& call)
      : call_(call), turns_(read_records(call, "a prompt and its reply a line", {"prompt", "reply"})) {}

  Json figures(const std::string& model) override {
    const DecoderSource source = open_decoder(model, call_.invocation.command, call_.options.use);
    double loss = 0;
    std::int64_t tokens = 0;
    score(source, [&](std::int64_t, std::span<const std::int32_t>, std::span<const TokenScore> scores) {
      for (const TokenScore& token : scores) loss -= token.log_probability;
      tokens += static_cast<std::int64_t>(scores.size());
    });
    std::size_t characters = 0;
    for (const Record& turn : turns_) characters += count_code_points(turn.fields[1]);
    const double mean = loss / static_cast<double>(tokens);
    Json figures = Json::object();
    figures.set("loss", mean).set("perplexity", std::exp(mean));
    if (characters > 0) {
      figures.set("bits_per_character", loss / std::numbers::ln2 / static_cast<double>(characters));
    }
    figures.set("exact_match", exact_match(source)).set("lines", turns_.size());
    return figures.set("tokens", tokens).set("characters", characters);
  }

  void write_rows(const std::string& model, TableOutput& output) override {
    const DecoderSource source = open_decoder(model, call_.invocation.command, call_.options.use);
    ScoreTable table(call_.options.per_line, *source.tokenizer, output);
    score(source, [&](std::int64_t line, std::span<const std::int32_t> reply, std::span<const TokenScore> scores) {
      table.add(line, reply, scores);
    });
    table.finish();
  }

 private:
  // Gives every reply's tokens, with the end behind them, and their scores to `sink`, in order.
  template <class Sink>
  void score(const DecoderSource& source, const Sink& sink) const {
    const ChatFormat format(*source.tokenizer, source.config().end_id);
    std::deque<std::vector<std::int32_t>> replies;  // whose scores are awaited
    TokenScorer scorer(*source.model, call_.kernels, call_.pool,
                       [&](std::int64_t line, std::span<const TokenScore> scores) {
                         sink(line, replies.front(), scores.last(replies.front().size()));
                         replies.pop_front();
                       });
    std::int64_t cut = 0;
    for (const Record& turn : turns_) {
      std::vector<std::int32_t> ids = format.prompt(turn.fields[0]), reply = format.reply(turn.fields[1]);
      const auto prompt_size = static_cast<std::int64_t>(ids.size()), size = static_cast<std::int64_t>(reply.size());
      const TurnLengths kept = fit_turn(prompt_size, size, source.config().context);
      cut += kept.prompt < prompt_size || kept.reply < size ? 1 : 0;
      ids.erase(ids.begin(), ids.begin() + (prompt_size - kept.prompt));
      reply.resize(static_cast<std::size_t>(kept.reply));
      ids.insert(ids.end(), reply.begin(), reply.end());
      replies.push_back(std::move(reply));
      scorer.add(ids);
    }
    scorer.finish();
    if (cut > 0) {
      call_.invocation.note("attn: ", cut, cut == 1 ? " line was" : " lines were", " cut to the context of ",
                            source.config().context, " tokens");
    }
  }

  // The part of the greedy replies, each without earlier turns, that equal the given ones to the byte.
  double exact_match(const DecoderSource& source) const {
    Dialogue dialogue(*source.model, *source.tokenizer, call_.kernels, call_.pool, {.sampling = {.greedy = true}}, 0);
    std::int64_t equal = 0;
    for (const Record& turn : turns_) equal += dialogue.reply(turn.fields[0]) == turn.fields[1] ? 1 : 0;
    return static_cast<double>(equal) / static_cast<double>(turns_.size());
  }

  const EvaluationCall& call_;
  Records turns_;
};

}  // namespace

const EvaluationRow kEvaluateChat{
    .kind = "a model of train chat", .options = "per-line per-token", .open = open_evaluation<ChatEvaluation>};

}  // namespace attn
