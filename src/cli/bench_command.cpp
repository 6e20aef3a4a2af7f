// attn bench: the machine's limits, and how near to them attn comes.

#include <cstdio>

#include "base/json.h"
#include "cli/benchmark.h"
#include "cli/commands.h"
#include "cli/compute.h"

namespace attn {

namespace {

constexpr TrainShape kToy{4, 4, 128, 64, 12, 65};
constexpr TrainShape kTrainShapes[] = {{1, 1, 8, 8, 8, 65}, {2, 2, 32, 32, 16, 65}, kToy, {6, 6, 384, 256, 16, 65}};

std::string line_of(const Measurement& m) {
  char text[160];
  std::snprintf(text, sizeof text, "%-8s %-38s %7d %12.4f %12.4g %-9s", m.group.c_str(), m.name.c_str(), m.threads,
                m.milliseconds, m.value, m.unit.c_str());
  std::string line = text;
  if (m.percent > 0) {
    std::snprintf(text, sizeof text, "%6.1f", m.percent);
    line += text;
  }
  return line + "\n";
}

Json json_of(const Measurement& m) {
  Json row = Json::object();
  row.set("group", m.group).set("name", m.name).set("threads", m.threads).set("milliseconds", m.milliseconds);
  row.set("value", m.value).set("unit", m.unit);
  row.set("percent", m.percent > 0 ? Json(m.percent) : Json());
  return row;
}

class BenchCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    threads_.visit(options);
    options.group("Output");
    options.add(json_, {.name = "json", .help = "print all figures as JSON"});
  }

  int run(Invocation& call) override {
    const simd::Kernels& kernels = require_kernels();
    rows_ = Json::array();
    if (!json_) {
      call.out.write(concat("instruction set ", kernels.name, "; medians; % is of the limit measured here\n"));
      call.out.write(
          "group    what                                   threads           ms        value unit           %\n");
    }
    for (int threads = 1; threads <= threads_.count(); threads = next_threads(threads)) {
      measure(call, kernels, threads);
    }
    if (json_) {
      Json result = Json::object();
      result.set("instruction_set", kernels.name).set("measurements", rows_);
      call.out.write(write_json(result, 2) + "\n");
    }
    return 0;
  }

 private:
  // One thread, then all of them.
  int next_threads(int threads) const {
    const int all = threads_.count();
    return threads < all ? all : all + 1;
  }

  void show(Invocation& call, const Measurement& measurement) {
    if (json_) {
      rows_.push_back(json_of(measurement));
    } else {
      call.out.write(line_of(measurement));
      call.out.flush();
    }
  }

  void measure(Invocation& call, const simd::Kernels& kernels, int threads) {
    ThreadPool pool(threads);
    const Limits limits = measure_limits(kernels, pool);
    show(call, {"limit", "fused multiply-adds", threads, 0, limits.flops / 1e9, "GFLOP/s", 0});
    show(call, {"limit", "reading 256 MiB", threads, 0, limits.bandwidth / 1e9, "GB/s", 0});
    for (const Measurement& product : measure_matmuls(kernels, pool)) show(call, product);
    for (const TrainShape& shape : kTrainShapes) show(call, measure_training(kernels, pool, shape));
    if (threads == 1) show(call, measure_decoding(kernels, pool, kToy));
  }

  ThreadOptions threads_;
  bool json_ = false;
  Json rows_;
};

}  // namespace

const CommandRow kBenchCommand{
    .name = "bench",
    .group = "Measure and compare",
    .summary = "measure this machine's limits, and how near to them attn comes",
    .examples =
        "attn bench          # measure this machine, and attn on it\n"
        "attn bench --json   # all figures as data\n",
    .details =
        "Percentages are of the fused multiply-add peak, measured again right after each run, since a processor's "
        "clock "
        "falls with load; of decoding, of what reading "
        "the weights once a token allows at the bandwidth measured for a buffer of their size.\n",
    .make = make_command<BenchCommand>,
};

}  // namespace attn
