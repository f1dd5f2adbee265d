// Colour scale: the values of a grid's cells as colours of a palette, from dark (least) to bright (most), legible on
// light and dark ground and by people who do not see every colour. An empty cell (NaN) is colour 0, transparent.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "encode/png/png_writer.hpp"

namespace canvasback {

enum class ColourScale { Linear, Log, EqualHistogram };

// Colours 1 to 255: a cell's place between the least and the greatest value, by the value itself, by its logarithm
// (counted from the least value on), or by its rank among the different values.
std::vector<std::uint8_t> colours_of(std::span<const double> values, ColourScale scale);

const Palette& density_palette();

}  // namespace canvasback
