// attn search: the lines of a corpus that mean nearly the same as a query, or as some of the lines.

#include <algorithm>
#include <numeric>

#include "autograd/unit_rows.h"
#include "cli/commands.h"
#include "cli/compute.h"
#include "cli/input.h"
#include "cli/search_index.h"
#include "cli/table_output.h"

namespace attn {

namespace {

class SearchCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    options.group("Search");
    options.add(corpus_, {.name = "corpus", .metavar = "FILE", .help = "the lines to search; .csv and .tsv as well"});
    options.add(columns_, {.name = "columns", .metavar = "NAME", .help = "the corpus' column, by name or number"});
    options.add(header_, {.name = "header", .help = "a corpus that is no .csv begins with the names of its columns"});
    options.add(top_, {.name = "top", .metavar = "K", .minimum = 1, .help = "the K nearest lines"});
    options.add(like_, {.name = "like",
                        .metavar = "LINES",
                        .help = "instead of queries: nearest to the mean of these lines (3,17), without them"});
    options.add(no_cache_, {.name = "no-cache", .help = "do not keep the corpus' vectors in a file"});
    table_.visit(options);
    threads_.visit(options);
  }

  int run(Invocation& call) override {
    if (corpus_.empty()) usage_error("--corpus FILE is missing: the lines to search");
    if (!like_.empty() && call.arguments.size() > 1) usage_error("--like replaces queries, but one was given too");
    ThreadPool pool(threads_.count());
    const std::string& folder = call.arguments[0];
    const SearchModel model{folder, open_encoder(folder, call.command), read_sentence_modules(ModelFolder(folder)),
                            require_kernels(), pool};
    TextList queries;
    if (like_.empty()) queries = read_queries(call);
    TableOutput output(table_, call);
    const SearchIndex index(model, corpus_, {{"text"}, columns_, header_}, !no_cache_, call);
    const VectorStore& store = index.store();

    std::vector<float> vectors;  // (queries, C)
    if (like_.empty()) {
      model.embed(queries, [&](std::span<const float> v) { vectors.insert(vectors.end(), v.begin(), v.end()); });
    } else {
      vectors = mean_of_lines(store, model);
    }
    const std::int64_t columns = store.vectors().columns;
    const VectorRows wanted{vectors.data(), static_cast<std::int64_t>(vectors.size()) / columns, columns};
    const auto found = nearest_rows(store.vectors(), wanted, top_, left_out(store), model.kernels, pool);
    TableWriter table = output.table({"query", "rank", "score", "line", "item"});
    for (std::size_t query = 0; query < found.size(); ++query) {
      std::int64_t rank = 0;
      for (const Neighbour& neighbour : found[query]) {
        table.cell(query).cell(++rank).cell(neighbour.score).cell(neighbour.row).cell(store.text(neighbour.row));
        table.end_row();
      }
    }
    table.finish();
    output.commit();
    return 0;
  }

 private:
  TextList read_queries(const Invocation& call) const {
    TextList queries;
    for (std::size_t i = 1; i < call.arguments.size(); ++i) {
      if (call.arguments[i].empty()) usage_error("a query is empty");
      queries.add(call.arguments[i]);
    }
    if (queries.size() > 0) return queries;
    TextInput input({}, std::nullopt, call, "queries, one a line");
    for (std::string line; input.next(line);) queries.add(line);
    return queries;
  }

  std::vector<float> mean_of_lines(const VectorStore& store, const SearchModel& model) const {
    const VectorRows all = store.vectors();
    const auto columns = static_cast<std::size_t>(all.columns);
    std::vector<float> mean(columns);
    for (const int line : like_) {
      if (line < 0 || line >= all.rows) {
        usage_error("--like ", line, ": ", corpus_, " has lines 0 to ", all.rows - 1);
      }
      const float* vector = all.data + line * all.columns;
      for (std::size_t i = 0; i < columns; ++i) mean[i] += vector[i];
    }
    Arena arena;
    Context context{arena, model.pool, model.kernels};
    const Tensor unit = unit_rows(context, {mean.data(), nullptr, Shape::matrix(1, all.columns)});
    return {unit.data, unit.data + columns};
  }

  /// The lines of --like, and those that hold nothing.
  std::vector<std::int64_t> left_out(const VectorStore& store) const {
    std::vector<std::int64_t> rows(like_.begin(), like_.end());
    for (std::int64_t row = 0; row < store.size(); ++row) {
      if (store.text(row).empty()) rows.push_back(row);
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  std::string corpus_, columns_;
  bool header_ = false, no_cache_ = false;
  int top_ = 10;
  std::vector<int> like_;
  TableOptions table_;
  ThreadOptions threads_;
};

}  // namespace

const CommandRow kSearchCommand{
    .name = "search",
    .group = "Train and use a model",
    .arguments = "DIR --corpus FILE [QUERY…]",
    .least_arguments = 1,
    .most_arguments = kAnyNumber,
    .summary = "find the lines of a corpus that are most like a text",
    .examples =
        "attn search titles --corpus items.txt \"space travel\"\n"
        "attn search titles --corpus items.txt --like 3,17       # what is like items 3 and 17\n"
        "attn search titles --corpus items.txt < queries.txt     # one query a line\n",
    .details =
        "Columns: query,rank,score,line,item: the query's number from 0, the cosine, the corpus' line from 0 and its "
        "text. The search is exact.\n"
        "\n"
        "The corpus' vectors are computed once and kept in FILE.attn-vectors, or under $XDG_CACHE_HOME/attn where that "
        "cannot be written; they are made again when the corpus or the model changes.\n",
    .make = make_command<SearchCommand>,
};

}  // namespace attn
