#pragma once
// A command with all its options, its own and the common ones, listed in one table: what runs, and what help, manual
// page and completion are written from.

#include <memory>

#include "cli/command.h"

namespace attn {

struct PreparedCommand {
  explicit PreparedCommand(const CommandRow& command_row) : row(command_row), command(row.make()) {
    command->visit(table);
    common.visit(table);
  }
  PreparedCommand(const PreparedCommand&) = delete;  // the table points into it
  PreparedCommand& operator=(const PreparedCommand&) = delete;

  const CommandRow& row;
  std::unique_ptr<Command> command;
  CommonOptions common;
  OptionTable table;
};

}  // namespace attn
