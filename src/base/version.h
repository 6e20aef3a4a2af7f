#pragma once
// The version of the program, as --version prints it and saved runs record it.

namespace attn {

inline constexpr const char* kVersion = "0.1.0";
/// Of this version, as the manual page shows it.
inline constexpr const char* kReleaseDate = "2026-11-26";

}  // namespace attn
