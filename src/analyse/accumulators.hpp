// The accumulators by sort of type; nullptr for a type of another sort. Only accumulator.cpp needs them.
#pragma once

#include "analyse/accumulator.hpp"

namespace canvasback::analyse {

std::unique_ptr<Accumulator> make_number_accumulator(const arrow::DataType& type, ColumnInfo info, Depth depth);
std::unique_ptr<Accumulator> make_text_accumulator(const arrow::DataType& type, ColumnInfo info, Depth depth);

}  // namespace canvasback::analyse
