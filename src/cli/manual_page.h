#pragma once
// attn(1), written from the tables that also parse and help.

#include <string>

namespace attn {

/// The whole manual in man(7) macros, ASCII: commands with their options, topics, exit codes, environment.
std::string manual_page();

}  // namespace attn
