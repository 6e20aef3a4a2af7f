#pragma once
// Attention as an SVG picture for a page or a slide.

#include <span>
#include <string>

#include "inspection/head_view.h"

namespace attn {

/// One head: a heat map with tokens along both sides, a colour bar and, where they fit, the weights as numbers.
/// Several: a grid with a row a layer and a column a head, below each other for each kind, on one scale; tokens stand
/// at its sides where they fit. Pairs that the mask forbids stay white. In a large grid a cell is the largest of the
/// weights that share it, and the picture says so. `heads` as select_heads() gives them, at least one.
std::string attention_svg(std::span<const HeadView> heads);

}  // namespace attn
