// attn export: a model as one file, for sharing.

#include <algorithm>
#include <filesystem>

#include "base/json.h"
#include "base/tar.h"
#include "cli/commands.h"
#include "cli/table_output.h"
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

class ExportCommand : public Command {
 public:
  void visit(OptionTable& options) override {
    options.group("Output");
    options.add(force_, {.name = "force", .help = "replace the file if it exists", .in_files = false});
  }

  int run(Invocation& call) override {
    const ModelFolder folder(call.arguments[0]);
    const std::string& path = call.arguments[1];
    if (!path.ends_with(".tar")) usage_error("the file to export to is '", path, "', but must end in .tar");
    folder.read_config();
    const WeightFiles checked(folder);  // damage shows here, not where the file is used
    check_may_write(path, force_);
    const std::string inside = std::filesystem::path(path).stem().string() + "/";
    AtomicFile file(path);
    std::size_t size = 0;
    TarWriter archive([&](std::string_view bytes) {
      file.write(bytes);
      size += bytes.size();
    });
    for (const std::string& name : files_of(folder)) archive.add(inside + name, folder.read(name));
    archive.finish();
    file.commit();
    call.note(path, ": model and options in one file, ", (size + 500000) / 1000000, " MB; next: attn info ", path);
    return 0;
  }

 private:
  bool force_ = false;
};

}  // namespace

constinit const CommandRow kExportCommand = {
    .name = "export",
    .group = "Data and files",
    .arguments = "DIR FILE.tar",
    .least_arguments = 2,
    .most_arguments = 2,
    .summary = "put a model into one file that every command takes as DIR",
    .examples =
        "attn export play play.tar          # without the state to resume training\n"
        "attn generate play.tar             # the file serves as DIR\n",
    .make = make_command<ExportCommand>,
};

}  // namespace attn
