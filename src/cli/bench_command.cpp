// attn bench: the machine's limits, and how near to them attn comes.

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/benchmark.h"
#include "cli/commands.h"
#include "cli/compute.h"

namespace attn {

namespace {

constexpr TrainShape kToy{4, 4, 128, 64, 12, 65};
constexpr TrainShape kTrainShapes[] = {{1, 1, 8, 8, 8, 65}, {2, 2, 32, 32, 16, 65}, kToy, {6, 6, 384, 256, 16, 65}};
constexpr TrainShape kDecodeShapes[] = {kToy, {6, 6, 384, 256, 1, 65}};
constexpr MatmulShape kMatmulShapes[] = {{8, 8, 8},         {32, 32, 32},      {64, 64, 64},       {128, 128, 128},
                                         {256, 256, 256},   {512, 512, 512},   {1024, 1024, 1024}, {768, 384, 128},
                                         {768, 128, 128},   {768, 512, 128},   {768, 128, 512},    {768, 65, 128},
                                         {4096, 1152, 384}, {4096, 1536, 384}, {12, 512, 128}};

std::string line_of(const Measurement& m) {
  char text[160];
  std::snprintf(text, sizeof text, "%-8s %-42s %7d %12.4f %12.4g %-9s", m.group.c_str(), m.name.c_str(), m.threads,
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
    options.group("What to measure");
    options.add(matmul_, {.name = "matmul",
                          .metavar = "M,N,K",
                          .default_text = "a list of shapes",
                          .help = "only (M, K) times (K, N), in all three forms"});
    options.add(train_,
                {.name = "train",
                 .metavar = "SHAPE",
                 .default_text = "four models",
                 .help = "only training steps of a GPT-2 style model of SHAPE: layers, heads, d_model, context, "
                         "batch, vocabulary, as 4,4,128,64,12,65; in f32, and in bf16 where an instruction helps"});
    options.add(
        decode_,
        {.name = "decode",
         .metavar = "SHAPE",
         .default_text = "two models",
         .help =
             "only greedy decoding with such a model, one sequence on one thread, in f32, drafted or not, and int8"});
    options.add(text_, {.name = "text",
                        .metavar = "FILE",
                        .default_text = "none",
                        .help = "only a BPE tokenizer: learnt from the first 10 MB of a text, then the whole encoded"});
    options.add(vocab_size_, {.name = "vocab-size", .metavar = "V", .minimum = 257, .help = "of that tokenizer"});
    options.add(seconds_,
                {.name = "seconds", .metavar = "S", .minimum = 0, .above_minimum = true, .help = "of a measurement"});
    threads_.visit(options);
    options.group("Output");
    options.add(json_, {.name = "json", .help = "print all figures as JSON"});
  }

  int run(Invocation& call) override {
    check_shape("matmul", matmul_, 3);
    check_shape("train", train_, 6);
    check_shape("decode", decode_, 6);
    const simd::Kernels& kernels = require_kernels();
    rows_ = Json::array();
    if (!json_) {
      call.out.write(concat("instruction set ", kernels.name, "; medians; % is of the limit measured here\n"));
      call.out.write(
          "group    what                                       threads           ms        value unit           %\n");
    }
    const bool all = matmul_.empty() && train_.empty() && decode_.empty() && text_.empty();
    for (int threads = 1; threads <= threads_.count(); threads = next_threads(threads)) {
      ThreadPool pool(threads);
      const Bench bench{kernels, pool, seconds_};
      if (all) {
        measure_all(call, bench);
      } else {
        measure_asked(call, bench);
      }
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

  static void check_shape(std::string_view name, const std::vector<int>& shape, std::size_t size) {
    const bool positive = std::all_of(shape.begin(), shape.end(), [](int value) { return value > 0; });
    if (shape.empty() || (shape.size() == size && positive)) return;
    usage_error("--", name, ": expected ", size, " whole numbers above 0, separated by commas");
  }

  static TrainShape model_shape(const std::vector<int>& s) {
    if (s[2] % s[1] != 0) usage_error("a d_model of ", s[2], " is no multiple of ", s[1], " heads");
    return {s[0], s[1], s[2], s[3], s[4], s[5]};
  }

  void measure_products(Invocation& call, const Bench& bench, const MatmulShape& shape) {
    for (const simd::Form form : {simd::Form::NT, simd::Form::NN, simd::Form::TN}) {
      show(call, measure_matmul(bench, shape, form));
    }
  }

  void train(Invocation& call, const Bench& bench, const TrainShape& shape) {
    show(call, measure_training(bench, shape, Precision::f32));
    if (bench.kernels.bf16_instruction) show(call, measure_training(bench, shape, Precision::bf16));
  }

  void decode(Invocation& call, const Bench& bench, const TrainShape& shape) {
    for (const Measurement& m : measure_decoding(bench, shape)) show(call, m);
  }

  void measure_asked(Invocation& call, const Bench& bench) {
    if (!matmul_.empty()) measure_products(call, bench, {matmul_[0], matmul_[1], matmul_[2]});
    if (!train_.empty()) train(call, bench, model_shape(train_));
    if (bench.pool.threads() > 1) return;
    if (!decode_.empty()) decode(call, bench, model_shape(decode_));
    if (text_.empty()) return;
    for (const Measurement& m : measure_tokenizer(read_file(text_), vocab_size_)) show(call, m);
  }

  void measure_all(Invocation& call, const Bench& bench) {
    const int threads = bench.pool.threads();
    const Limits limits = measure_limits(bench);
    show(call, {"limit", "fused multiply-adds", threads, 0, limits.flops / 1e9, "GFLOP/s", 0});
    if (limits.matrix_flops > 0) {
      show(call,
           {"limit", "bfloat16 products of the matrix unit", threads, 0, limits.matrix_flops / 1e9, "GFLOP/s", 0});
    }
    show(call, {"limit", "reading 256 MiB", threads, 0, limits.bandwidth / 1e9, "GB/s", 0});
    for (const MatmulShape& shape : kMatmulShapes) measure_products(call, bench, shape);
    for (const TrainShape& shape : kTrainShapes) train(call, bench, shape);
    if (threads > 1) return;
    for (const TrainShape& shape : kDecodeShapes) decode(call, bench, shape);
  }

  std::vector<int> matmul_, train_, decode_;
  std::string text_;
  int vocab_size_ = 8000;
  double seconds_ = 0.25;
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
        "attn bench --json   # all figures as data\n"
        "attn bench --matmul 768,512,128 --train 4,4,128,64,12,65\n"
        "attn bench --text play.txt --vocab-size 8000\n",
    .details =
        "Percentages are of the fused multiply-add peak in f32, measured again right after each run, since a "
        "processor's "
        "clock falls with load; of decoding, of what reading the weights once a token allows at the bandwidth measured "
        "for a buffer of their size: more than 100 where drafts save reading (attn help speed). Decoding is measured "
        "as attn generate does it with weights in f32, where that drafts also without drafts, and in int8 "
        "(--precision).\n",
    .make = make_command<BenchCommand>,
};

}  // namespace attn
