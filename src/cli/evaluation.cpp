#include "cli/evaluation.h"

#include "autograd/context.h"

namespace attn {

void EvaluationOptions::visit(OptionTable& table_of_options) {
  OptionTable& o = table_of_options;
  input.visit(o);
  o.add(lines, {.name = "lines", .help = "every line is a document of its own, as with train --lines"});
  o.group("Result");
  o.add(per_line, {.name = "per-line", .help = "a row a line instead of the figures"});
  o.add(per_token, {.name = "per-token", .help = "a row a token instead of the figures"});
  o.add(confusion,
        {.name = "confusion",
         .metavar = "FILE.csv",
         .help = "of a classifier: a row an actual label, a column a predicted one; - instead of the figures"});
  o.add(json, {.name = "json", .help = "the figures as one JSON value"});
  table.visit(o);
  threads.visit(o);
}

Records read_records(const EvaluationCall& call, std::string_view wanted, std::vector<std::string> columns,
                     std::vector<std::string> or_columns) {
  TextInput input(call.options.input, call.file, call.invocation, wanted, std::move(columns), std::move(or_columns));
  Records records;
  for (std::vector<std::string> fields; input.next(fields);) records.push_back({fields, input.where()});
  return records;
}

LossSum validate_all(TrainingTask& task, const EvaluationCall& call) {
  Arena arena;
  LossSum sum;
  for (std::int64_t batch = 0; batch < task.validation_batches(); ++batch) {
    arena.reset();
    Context context{arena, call.pool, call.kernels};
    sum += task.validate(context, batch);
  }
  return sum;
}

}  // namespace attn
