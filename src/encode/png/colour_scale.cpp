#include "encode/png/colour_scale.hpp"

#include <algorithm>
#include <cmath>

namespace canvasback {
namespace {

constexpr double kColours = 254;  // steps between colour 1 and colour 255

std::uint8_t colour_at(double share) {
  return static_cast<std::uint8_t>(1 + std::lround(std::clamp(share, 0.0, 1.0) * kColours));
}

Palette made_palette() {
  // Anchors of viridis, a palette of even steps in brightness.
  constexpr std::array<Colour, 9> kAnchors{{{68, 1, 84},
                                            {71, 44, 122},
                                            {59, 81, 139},
                                            {44, 113, 142},
                                            {33, 144, 141},
                                            {39, 173, 129},
                                            {92, 200, 99},
                                            {170, 220, 50},
                                            {253, 231, 37}}};
  Palette palette;
  palette[0] = {0, 0, 0, 0};
  for (std::size_t i = 1; i < palette.size(); ++i) {
    const double at = static_cast<double>(i - 1) / kColours * (kAnchors.size() - 1);
    const auto low = std::min<std::size_t>(static_cast<std::size_t>(at), kAnchors.size() - 2);
    const double share = at - static_cast<double>(low);
    const auto mix = [&](std::uint8_t from, std::uint8_t to) {
      return static_cast<std::uint8_t>(std::lround(from + (to - from) * share));
    };
    const Colour& a = kAnchors[low];
    const Colour& b = kAnchors[low + 1];
    palette[i] = {mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue), 255};
  }
  return palette;
}

}  // namespace

std::vector<std::uint8_t> colours_of(std::span<const double> values, ColourScale scale) {
  std::vector<double> sorted;
  for (double value : values) {
    if (std::isfinite(value)) sorted.push_back(value);
  }
  std::vector<std::uint8_t> colours(values.size(), 0);
  if (sorted.empty()) return colours;
  std::ranges::sort(sorted);
  const double low = sorted.front();
  const double high = sorted.back();
  if (scale == ColourScale::EqualHistogram) {
    const auto [first, last] = std::ranges::unique(sorted);
    sorted.erase(first, last);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    if (!std::isfinite(value)) continue;
    double share = 1;
    if (high > low) {
      switch (scale) {
        // Halved, so that no difference is more than a double holds.
        case ColourScale::Linear: share = (value / 2 - low / 2) / (high / 2 - low / 2); break;
        case ColourScale::Log: share = std::log1p(value - low) / std::log1p(high - low); break;
        case ColourScale::EqualHistogram: {
          const auto place = std::ranges::lower_bound(sorted, value) - sorted.begin();
          share = static_cast<double>(place) / static_cast<double>(sorted.size() - 1);
          break;
        }
      }
    }
    colours[i] = colour_at(std::isfinite(share) ? share : 1);
  }
  return colours;
}

const Palette& density_palette() {
  static const Palette kPalette = made_palette();
  return kPalette;
}

}  // namespace canvasback
