#pragma once
// SHA-256 (FIPS 180-4), to recognise data and models. Not for secrets.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace attn {

class Sha256 {
 public:
  void update(std::string_view bytes);
  /// The digest as 64 lower-case hexadecimal digits; the object is spent afterwards.
  std::string finish();

 private:
  void compress(const unsigned char* block);

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> block_{};
  std::size_t used_ = 0;     // bytes waiting in block_
  std::uint64_t total_ = 0;  // bytes in all
};

std::string sha256(std::string_view bytes);
/// Reads the file in pieces. Throws Error like read_file.
std::string sha256_of_file(const std::string& path);

}  // namespace attn
