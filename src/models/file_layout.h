#pragma once
// Which array of model.safetensors holds which parameter: one table per family, read by saving and loading alike.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/config.h"
#include "models/safetensors.h"
#include "models/weight_files.h"
#include "tensor/parameters.h"

namespace attn {

/// How the file holds a parameter: as it is, a matrix as (in, out), or a vector (n) as (1, n).
enum class Stored { plain, transposed, row };

/// One array of the file and the rows of a parameter that it holds.
struct FilePart {
  std::string name;  // in the file
  const NamedParameter* parameter;
  std::int64_t first, rows;  // rows of a matrix, elements of a vector
  Stored stored;

  /// As the file states it.
  std::vector<std::int64_t> shape() const;
};

/// Every array of the file, in the order of the parameters. The parameters' list must outlive the result. Throws
/// Error for a parameter that the family's class has no name for.
std::vector<FilePart> file_layout(const ModelConfig& config, std::span<const NamedParameter> parameters);

/// The arrays to be written; parameters must stay in memory until they are.
std::vector<OutgoingTensor> outgoing_weights(const ModelConfig& config, std::span<const NamedParameter> parameters);

/// Whether a head's parameters may be absent from the file, to keep the values they have.
enum class HeadWeights { required, optional };

/// Fills the parameters from the files. Throws Error naming file and array: one that is missing, has another shape,
/// belongs to nothing, or holds numbers that are not finite.
void load_weights(const WeightFiles& files, const ModelConfig& config, std::span<const NamedParameter> parameters,
                  HeadWeights head = HeadWeights::required);

}  // namespace attn
