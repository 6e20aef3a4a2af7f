#pragma once
// Switches attention heads off, to see what they are good for: the columns of the output projection that a head's result
// is multiplied by become 0, so that it adds nothing, whichever pass runs. (Michel, Levy, Neubig 2019.)

#include <string>
#include <vector>

#include "autograd/trace.h"
#include "models/config.h"
#include "tensor/parameters.h"

namespace attn {

/// A head; without `head` all of a layer, without `layer` all of a kind.
struct HeadPlace {
  AttentionKind kind = AttentionKind::decoder;
  int layer = -1;
  int head = -1;
};

/// The kinds of attention that a model has: encoder, decoder, cross, as far as it has them.
std::vector<AttentionKind> attention_kinds(const ModelConfig& config);
/// Layers that have this kind of attention.
int attention_layers(const ModelConfig& config, AttentionKind kind);
/// Every head of the model.
std::vector<HeadPlace> all_heads(const ModelConfig& config);

/// Throws Error naming what the model does not have.
void switch_off(Parameters& parameters, const ModelConfig& config, const HeadPlace& place);

}  // namespace attn
