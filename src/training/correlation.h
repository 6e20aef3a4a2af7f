#pragma once
// How far two columns of numbers go together.

#include <span>
#include <vector>

namespace attn {

/// Pearson's r of two columns of equal length; NaN if there are fewer than two numbers or a column is constant.
double pearson(std::span<const double> a, std::span<const double> b);

/// Spearman's ρ: Pearson's r of the ranks.
double spearman(std::span<const double> a, std::span<const double> b);

/// Ranks from 1, in rising order; equal values share the mean of their ranks.
std::vector<double> ranks_of(std::span<const double> values);

}  // namespace attn
