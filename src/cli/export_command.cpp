// attn export: a model as one file, for sharing: an archive, or a page that runs it in the browser.

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/json.h"
#include "base/tar.h"
#include "cli/commands.h"
#include "cli/model_source.h"
#include "cli/table_output.h"
#include "inspection/model_page.h"
#include "models/folder.h"
#include "models/sentence_modules.h"
#include "models/weight_files.h"

namespace attn {

namespace {

/// What a model needs to be used, and how it came to be; not what only resuming its training needs.
constexpr std::string_view kExported[] = {
    kConfigFile,  kGenerationConfigFile, kTokenizerFile,   kTokenizerConfigFile, "vocab.json",
    "merges.txt", kTrainingOptionsFile,  kTrainingLogFile, kWeightsFile,         kWeightsIndexFile};

/// The files to export, in order: those above that exist, and the shards of the weights.
std::vector<std::string> files_of(const ModelFolder& folder) {
  std::vector<std::string> names;
  for (const std::string_view name : kExported) {
    if (folder.has(name)) names.emplace_back(name);
  }
  for (const std::string_view name : kSentenceFiles) {
    if (folder.has(name)) names.emplace_back(name);
  }
  if (!folder.has(kWeightsFile) && folder.has(kWeightsIndexFile)) {
    const std::string path = folder.path_of(kWeightsIndexFile);
    const Json index = parse_json(folder.read(kWeightsIndexFile), path);
    std::vector<std::string> shards;
    for (const auto& [tensor, shard] : index.at("weight_map", path).as_object(path)) {
      shards.push_back(shard.as_string(path));
    }
    std::sort(shards.begin(), shards.end());
    shards.erase(std::unique(shards.begin(), shards.end()), shards.end());
    names.insert(names.end(), shards.begin(), shards.end());
  }
  return names;
}

/// The file and how much was written to it.
class OutputFile {
 public:
  explicit OutputFile(const std::string& path) : file_(path) {}
  void write(std::string_view bytes) {
    file_.write(bytes);
    size_ += bytes.size();
  }
  void commit() { file_.commit(); }
  std::string size() const {
    return size_ < 1000000 ? concat((size_ + 500) / 1000, " KB") : concat((size_ + 500000) / 1000000, " MB");
  }

 private:
  AtomicFile file_;
  std::size_t size_ = 0;
};

class ExportCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    options.group("Page");
    options.add(text_, {.name = "text", .metavar = "TEXT", .help = "what is typed when the page opens"});
    options.group("Output");
    options.add(force_, {.name = "force", .help = "replace the file if it exists", .in_files = false});
  }

  int run(Invocation& call) override {
    const ModelFolder folder(call.arguments[0]);
    const std::string& path = call.arguments[1];
    const bool page = path.ends_with(".html");
    if (!page && !path.ends_with(".tar")) {
      usage_error("the file to export to is '", path, "', but must end in .tar or .html");
    }
    if (text_ && !page) usage_error("--text is for a page, but '", path, "' is an archive");
    if (page) {
      write_page(folder, path, call);
    } else {
      write_archive(folder, path, call);
    }
    return 0;
  }

 private:
  void write_archive(const ModelFolder& folder, const std::string& path, const Invocation& call) const {
    folder.read_config();
    const WeightFiles checked(folder);  // damage shows here, not where the file is used
    check_may_write(path, force_);
    const std::string inside = std::filesystem::path(path).stem().string() + "/";
    OutputFile file(path);
    TarWriter archive([&](std::string_view bytes) { file.write(bytes); });
    for (const std::string& name : files_of(folder)) archive.add(inside + name, folder.read(name));
    archive.finish();
    file.commit();
    call.note(path, ": model and options in one file, ", file.size(), "; next: attn info ", path);
  }

  void write_page(const ModelFolder& folder, const std::string& path, const Invocation& call) const {
    const ModelConfig config = folder.read_config();
    check_page_model(config, folder.path());
    switch (kind_of(config)) {
      case ModelKind::decoder:
        return write_page_of(open_decoder(folder.path(), call.command), folder, path, call);
      case ModelKind::translator:
        return write_page_of(open_encoder_decoder(folder.path(), call.command), folder, path, call);
      default:
        return write_page_of(open_encoder(folder.path(), call.command), folder, path, call);
    }
  }

  template <class Model>
  void write_page_of(const ModelSource<Model>& source, const ModelFolder& folder, const std::string& path,
                     const Invocation& call) const {
    check_may_write(path, force_);
    OutputFile file(path);
    const std::filesystem::path named = folder.path();  // "play/" is named play
    const std::string about = (named.has_filename() ? named : named.parent_path()).filename().string();
    write_model_page({.about = about,
                      .where = folder.path(),
                      .config = source.config(),
                      .parameters = source.model->parameters(),
                      .tokenizer = *source.tokenizer,
                      .text = text_.value_or(""),
                      .chats = is_chat_model(folder)},
                     [&](std::string_view bytes) { file.write(bytes); });
    file.commit();
    call.note(path, ": the model in a page that runs it, ", file.size(), "; next: xdg-open ", path);
  }

  std::optional<std::string> text_;
  bool force_ = false;
};

}  // namespace

constinit const CommandRow kExportCommand = {
    .name = "export",
    .group = "Data and files",
    .arguments = "DIR FILE",
    .least_arguments = 2,
    .most_arguments = 2,
    .summary = "put a model into one file: an archive, or a page that runs it",
    .examples =
        "attn export play play.tar          # without the state to resume training\n"
        "attn generate play.tar             # the file serves as DIR\n"
        "attn export play play.html --text \"Once upon\"   # type in the browser, see every head live\n",
    .details =
        "FILE ends in .tar or .html. The archive holds the model and how it came to be; every command takes it as "
        "DIR. The page holds a model of up to 5,000,000 parameters and its forward pass in JavaScript, and needs no "
        "network: what is typed goes through the model at once, the probabilities of what comes next and every head's "
        "attention follow, and the model continues the text. Models of train chat answer it with the likeliest tokens, "
        "as long as the context lasts, translators translate it, encoders fill its [MASK] or classify it. Logits are "
        "within 1e-4 of the program's. Tokenizers are those that attn train makes.\n"
        "\n"
        "In the browser's console, attn.read(\"some text\") reads a text, and attn.ids and attn.logits() (a row a "
        "token) are what the model made of it.\n",
    .make = make_command<ExportCommand>,
};

}  // namespace attn
