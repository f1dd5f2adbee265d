// The edges of a histogram's bins, and the last value that each bin holds, so that counts can be made by comparing and
// agree with the edges exactly. Bins are [edge, next edge); the last one holds its upper edge, too. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

// What is counted: integers of at most 64 bits (edges are doubles), microseconds or nanoseconds of dates (edges are
// whole ones), decimals and wider integers as units of their last digit (edges are whole ones, written as decimals), or
// doubles.
enum class EdgesKind { Integers, Microseconds, Nanoseconds, Decimals, Doubles };
EdgesKind edges_kind(std::string_view type);

struct HistogramEdges {
  std::vector<std::string> edges;  // bins + 1: doubles, dates as what is counted, decimals; none is above the next
  std::vector<std::string> last;   // of each bin: as what is counted
};

// low <= high, as texts of what is counted, decimals as they are. Errors: InvalidData for a text that is no such
// number.
Result<HistogramEdges> histogram_edges(EdgesKind kind, const std::string& low, const std::string& high,
                                       std::int64_t bins);

}  // namespace canvasback
