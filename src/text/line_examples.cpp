#include "text/line_examples.h"

#include <algorithm>

#include "base/error.h"
#include "base/utf8.h"
#include "text/example_file.h"

namespace attn {

LineCounts write_examples(const LineCorpus& corpus, CorpusPart part, const LineTarget& target,
                          const EncodeLine& encode) {
  ExampleFileWriter file(target.path, target.fields, target.vocabulary);
  LineCounts counts;
  counts.characters.assign(corpus.options().wanted.size(), 0);
  counts.tokens.assign(static_cast<std::size_t>(target.fields), 0);
  EncodedLine line;
  LineCorpusReader reader(corpus, part);
  for (std::vector<std::string> columns; reader.next(columns);) {
    line.fields.resize(static_cast<std::size_t>(target.fields));
    for (auto& ids : line.fields) ids.clear();
    line.cut = false;
    try {
      encode(columns, line);
    } catch (const Error& error) {
      fail(reader.place(), ": ", error.what());
    }
    file.add(line.fields);
    ++counts.lines;
    counts.cut += line.cut;
    for (std::size_t i = 0; i < columns.size(); ++i)
      counts.characters[i] += static_cast<std::int64_t>(count_code_points(columns[i]));
    for (std::size_t i = 0; i < line.fields.size(); ++i) {
      const auto& ids = line.fields[i];
      counts.tokens[i] += static_cast<std::int64_t>(ids.size());
      if (target.unknown_id) counts.unknown += std::count(ids.begin(), ids.end(), *target.unknown_id);
    }
  }
  file.commit();
  return counts;
}

}  // namespace attn
