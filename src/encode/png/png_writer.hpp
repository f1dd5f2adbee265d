// PNG pictures of a palette: one byte a pixel, colour 0 transparent. libpng stays behind it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace canvasback {

struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
  std::uint8_t alpha = 255;
};
using Palette = std::array<Colour, 256>;

// pixels: width * height indices, row by row from the top. Errors: DataProcessing.
Result<std::string> png_picture(int width, int height, std::span<const std::uint8_t> pixels, const Palette& palette);

}  // namespace canvasback
