#include "encode/png/png_writer.hpp"

#include <png.h>

namespace canvasback {

Result<std::string> png_picture(int width, int height, std::span<const std::uint8_t> pixels, const Palette& palette) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGBA_COLORMAP;
  image.flags = PNG_IMAGE_FLAG_FAST;
  image.colormap_entries = static_cast<png_uint_32>(palette.size());
  std::array<std::uint8_t, 1024> colours{};
  for (std::size_t i = 0; i < palette.size(); ++i) {
    colours[4 * i] = palette[i].red;
    colours[4 * i + 1] = palette[i].green;
    colours[4 * i + 2] = palette[i].blue;
    colours[4 * i + 3] = palette[i].alpha;
  }
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), width, colours.data()) == 0) {
    return fail(ErrorCode::DataProcessing, "The picture could not be written.", image.message);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace canvasback
