// attn plot: the logs of several trainings in one picture.

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/saved_training.h"
#include "cli/table_output.h"
#include "inspection/chart.h"

namespace attn {

namespace {

struct LogColumn {
  std::string_view name, title;
  double Evaluation::*value;
};
constexpr LogColumn kColumns[] = {
    {"train_loss", "train loss, nats per target token", &Evaluation::train_loss},
    {"valid_loss", "validation loss, nats per target token", &Evaluation::valid_loss},
    {"valid_bits_per_character", "validation loss, bits per character", &Evaluation::valid_bits_per_character},
    {"learning_rate", "learning rate", &Evaluation::learning_rate},
    {"gradient_norm", "gradient norm before clipping", &Evaluation::gradient_norm},
    {"tokens_per_second", "target tokens per second", &Evaluation::tokens_per_second},
};

enum class Abscissa { step, tokens, seconds };
constexpr std::pair<std::string_view, Abscissa> kAbscissas[] = {
    {"step", Abscissa::step}, {"tokens", Abscissa::tokens}, {"seconds", Abscissa::seconds}};
constexpr std::string_view kAbscissaNames[] = {"step", "target tokens", "seconds of training"};

const LogColumn& column_named(std::string_view name) {
  for (const LogColumn& column : kColumns) {
    if (column.name == name) return column;
  }
  std::string known;
  for (const LogColumn& column : kColumns) known += concat(known.empty() ? "" : ", ", column.name);
  usage_error("--columns: found '", name, "', expected some of ", known);
}

struct Run {
  std::string name;
  std::vector<Evaluation> rows;
};

class PlotCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    options.group("Picture");
    options.add(columns_, {.name = "columns",
                           .metavar = "NAMES",
                           .default_text = "both losses in one panel",
                           .help = "columns of log.csv, separated by commas; a panel each"});
    options.add(abscissa_, kAbscissas, {.name = "x", .help = "what goes from left to right"});
    options.add(logarithmic_, {.name = "log", .help = "logarithmic heights"});
    options.group("Output");
    options.add(out_, {.name = "out", .metavar = "FILE", .default_text = "standard output", .help = "the .svg file"});
    options.add(force_, {.name = "force", .help = "replace the file if it exists", .in_files = false});
  }

  int run(Invocation& call) override {
    if (out_.empty() && call.terminal.output) {
      usage_error("attn plot writes an SVG picture; expected --out FILE.svg, or standard output in a file");
    }
    if (!out_.empty()) check_may_write(out_, force_);
    std::vector<Run> runs;
    for (const std::string& path : call.arguments) runs.push_back({path, saved_log(path)});
    const std::vector<ChartPanel> panels = columns_.empty() ? loss_panels(runs) : column_panels(runs);
    const std::string svg = line_chart_svg("trainings compared", panels, {.panel_height = 300});
    if (out_.empty()) {
      call.out.write(svg);
    } else {
      write_file(out_, svg);
      call.note(out_, ": ", runs.size(), runs.size() == 1 ? " training" : " trainings",
                " as a picture. Next: open it in a browser");
    }
    return 0;
  }

 private:
  double x_of(const Evaluation& row) const {
    switch (abscissa_) {
      case Abscissa::tokens:
        return static_cast<double>(row.tokens);
      case Abscissa::seconds:
        return row.seconds;
      default:
        return static_cast<double>(row.step);
    }
  }

  ChartSeries series(const Run& run, std::string name, double Evaluation::*value, std::size_t color) const {
    ChartSeries result{std::move(name), {}, static_cast<int>(color)};
    for (const Evaluation& row : run.rows) result.points.push_back({x_of(row), row.*value});
    return result;
  }

  ChartPanel panel(std::string_view title) const {
    return {std::string(title), std::string(kAbscissaNames[static_cast<std::size_t>(abscissa_)]), {}, logarithmic_};
  }

  // A colour a run; the train loss is dashed.
  std::vector<ChartPanel> loss_panels(const std::vector<Run>& runs) const {
    ChartPanel losses = panel("loss, nats per target token");
    for (std::size_t i = 0; i < runs.size(); ++i) {
      losses.series.push_back(series(runs[i], runs[i].name + ", validation", &Evaluation::valid_loss, i));
      losses.series.push_back(series(runs[i], runs[i].name + ", train", &Evaluation::train_loss, i));
      losses.series.back().dashed = true;
    }
    return {losses};
  }

  std::vector<ChartPanel> column_panels(const std::vector<Run>& runs) const {
    std::vector<ChartPanel> panels;
    std::string_view rest = columns_;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const LogColumn& column = column_named(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      panels.push_back(panel(column.title));
      for (std::size_t i = 0; i < runs.size(); ++i) {
        panels.back().series.push_back(series(runs[i], runs[i].name, column.value, i));
      }
    }
    return panels;
  }

  std::string columns_, out_;
  Abscissa abscissa_ = Abscissa::step;
  bool logarithmic_ = false, force_ = false;
};

}  // namespace

const CommandRow kPlotCommand = {
    .name = "plot",
    .group = "Measure and compare",
    .arguments = "DIR|LOG.csv…",
    .least_arguments = 1,
    .most_arguments = kAnyNumber,
    .summary = "draw the loss curves of trainings in one picture",
    .examples =
        "attn plot small large --out losses.svg                           # both losses of two trainings\n"
        "attn plot small large --x seconds --columns valid_loss,gradient_norm > curves.svg\n"
        "attn plot play/training/log.csv --log --out play.svg\n",
    .details = "The picture is SVG. Loss curves are solid for the validation part and dashed for the training part.\n",
    .make = make_command<PlotCommand>,
};

}  // namespace attn
