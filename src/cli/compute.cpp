#include "cli/compute.h"

#include <cstdlib>
#include <string>

#include "base/error.h"

namespace attn {

const simd::Kernels& require_kernels() {
  if (const simd::Kernels* kernels = simd::kernels()) return *kernels;
  std::string usable;
  for (const char* const* name = simd::kernel_names(); *name != nullptr; ++name) {
    if (simd::kernels_named(*name) != nullptr) usable += concat(usable.empty() ? "" : ", ", *name);
  }
  const char* const asked = std::getenv("ATTN_SIMD");
  fail("ATTN_SIMD is '", asked != nullptr ? asked : "", "', but this machine has: ", usable);
}

}  // namespace attn
