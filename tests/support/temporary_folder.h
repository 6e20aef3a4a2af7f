#pragma once
// A folder of its own for one test, removed at the end.

#include <fstream>
#include <string>
#include <string_view>

#include "base/temporary_folder.h"

namespace attn {

/// Writes a file as a test needs it that writes thousands: without waiting for the disk as write_file does.
inline void write_quickly(const std::string& path, std::string_view contents) {
  std::ofstream(path, std::ios::binary) << contents;
}

}  // namespace attn
