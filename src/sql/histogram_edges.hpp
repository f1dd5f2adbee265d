// The edges of a histogram's bins, and the last value that each bin holds, so that counts can be made by comparing and
// agree with the edges exactly. Bins are [edge, next edge); the last one holds its upper edge, too. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

// What is counted: integers (edges are doubles), microseconds of dates (edges are whole ones), or doubles.
enum class EdgesKind { Integers, Microseconds, Doubles };
EdgesKind edges_kind(std::string_view type);

struct HistogramEdges {
  std::vector<std::string> edges;  // bins + 1: doubles, or microseconds; none is above the next
  std::vector<std::string> last;   // of each bin: integers, microseconds or doubles
};

// low <= high, as texts of what is counted. Errors: InvalidData for a text that is no such number.
Result<HistogramEdges> histogram_edges(EdgesKind kind, const std::string& low, const std::string& high,
                                       std::int64_t bins);

}  // namespace canvasback
