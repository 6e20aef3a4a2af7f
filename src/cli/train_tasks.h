#pragma once
// The tasks of `attn train`, one row each.

#include <span>
#include <string>

#include "base/options.h"
#include "cli/train_recipe.h"

namespace attn {

extern const TrainTaskRow kTrainGenerate;
extern const TrainTaskRow kTrainChat;
extern const TrainTaskRow kTrainTranslate;
extern const TrainTaskRow kTrainFill;
extern const TrainTaskRow kTrainClassify;
extern const TrainTaskRow kTrainEmbed;

std::span<const TrainTaskRow* const> train_tasks();

/// By name or alias; null if there is none.
const TrainTaskRow* find_train_task(std::string_view name);
/// Throws Error (usage) that lists the tasks.
const TrainTaskRow& train_task_named(const std::string& name);

/// Throws Error (usage) if an option was given that means nothing for this task, or an --arch that it cannot train.
void check_task_options(const TrainTaskRow& task, const TrainOptions& options, const OptionTable& table);

/// The paragraph of the help that lists the tasks.
std::string describe_train_tasks(int width);

}  // namespace attn
