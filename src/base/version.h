#pragma once
// The version of the program, as --version prints it and saved runs record it.

namespace attn {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace attn
