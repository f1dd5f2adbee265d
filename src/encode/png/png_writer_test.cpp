#include "encode/png/png_writer.hpp"

#include <gtest/gtest.h>
#include <png.h>

#include <limits>

#include "encode/png/colour_scale.hpp"

namespace canvasback {
namespace {

constexpr double kEmpty = std::numeric_limits<double>::quiet_NaN();

TEST(PngWriterTest, APictureReadsBackAsItWas) {
  constexpr int kWidth = 37;
  constexpr int kHeight = 11;
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < kWidth * kHeight; ++i) pixels.push_back(static_cast<std::uint8_t>(i * 7));
  const auto bytes = png_picture(kWidth, kHeight, pixels, density_palette());
  ASSERT_TRUE(bytes);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  ASSERT_NE(png_image_begin_read_from_memory(&image, bytes->data(), bytes->size()), 0);
  EXPECT_EQ(image.width, 37U);
  EXPECT_EQ(image.height, 11U);
  image.format = PNG_FORMAT_RGBA;
  std::vector<std::uint8_t> read(PNG_IMAGE_SIZE(image));
  ASSERT_NE(png_image_finish_read(&image, nullptr, read.data(), 0, nullptr), 0);
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const Colour& colour = density_palette()[pixels[i]];
    EXPECT_EQ(read[4 * i + 3], colour.alpha);
    if (colour.alpha == 0) continue;
    EXPECT_EQ(read[4 * i], colour.red);
    EXPECT_EQ(read[4 * i + 1], colour.green);
    EXPECT_EQ(read[4 * i + 2], colour.blue);
  }
}

TEST(ColourScaleTest, LinearIsByTheValue) {
  const std::vector<double> values{0, 50, 100, kEmpty};
  EXPECT_EQ(colours_of(values, ColourScale::Linear), (std::vector<std::uint8_t>{1, 128, 255, 0}));
}

TEST(ColourScaleTest, LogLiftsSmallValues) {
  const std::vector<double> values{0, 9, 99};
  EXPECT_EQ(colours_of(values, ColourScale::Log), (std::vector<std::uint8_t>{1, 128, 255}));
}

TEST(ColourScaleTest, EqualHistogramGivesEachValueItsRank) {
  const std::vector<double> values{1, 1, 1, 2, 1'000'000};
  EXPECT_EQ(colours_of(values, ColourScale::EqualHistogram), (std::vector<std::uint8_t>{1, 1, 1, 128, 255}));
}

TEST(ColourScaleTest, OneValueAndNoneAndTheLargest) {
  EXPECT_EQ(colours_of(std::vector<double>{7, kEmpty}, ColourScale::Log), (std::vector<std::uint8_t>{255, 0}));
  EXPECT_EQ(colours_of(std::vector<double>{kEmpty}, ColourScale::Linear), (std::vector<std::uint8_t>{0}));
  const double most = std::numeric_limits<double>::max();
  EXPECT_EQ(colours_of(std::vector<double>{-most, most}, ColourScale::Linear), (std::vector<std::uint8_t>{1, 255}));
}

}  // namespace
}  // namespace canvasback
