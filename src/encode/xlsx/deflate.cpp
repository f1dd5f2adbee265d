#include "encode/xlsx/deflate.hpp"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include <algorithm>
#include <vector>

#include "base/checksum.hpp"
#include "encode/xlsx/deflate_walk.hpp"

namespace canvasback::xlsx {
namespace {

// Measured on a sheet of a million orders, see bench/xlsx.cpp.
constexpr int kFastLevel = 1;
constexpr int kBestLevel = 6;

std::unexpected<Error> deflate_failed(std::string_view what) {
  return fail(ErrorCode::DataProcessing, "The workbook could not be compressed.", std::string(what));
}

class FastDeflater final : public Deflater {
 public:
  FastDeflater() : level_buffer_(ISAL_DEF_LVL1_DEFAULT) {}

  Result<DeflatedBlock> deflate(std::string_view raw) override {
    isal_zstream stream;
    isal_deflate_init(&stream);
    stream.level = kFastLevel;
    stream.level_buf = level_buffer_.data();
    stream.level_buf_size = static_cast<std::uint32_t>(level_buffer_.size());
    stream.flush = FULL_FLUSH;
    stream.end_of_stream = 0;
    // ISA-L never writes to its input; its interface knows no const.
    stream.next_in = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(raw.data()));
    stream.avail_in = static_cast<std::uint32_t>(raw.size());
    if (out_.empty()) out_.resize(256 * 1024);
    std::size_t used = 0;
    do {
      if (used == out_.size()) out_.resize(2 * out_.size());
      const std::size_t room = out_.size() - used;
      stream.next_out = out_.data() + used;
      stream.avail_out = static_cast<std::uint32_t>(room);
      if (isal_deflate(&stream) != COMP_OK) return deflate_failed("isal_deflate");
      used += room - stream.avail_out;
    } while (stream.avail_in > 0 || stream.avail_out == 0);
    return DeflatedBlock{std::string(reinterpret_cast<const char*>(out_.data()), used), raw.size(), crc32_of(raw)};
  }

 private:
  std::vector<std::uint8_t> level_buffer_;
  std::vector<std::uint8_t> out_;
};

class BestDeflater final : public Deflater {
 public:
  Result<DeflatedBlock> deflate(std::string_view raw) override {
    if (!compressor_) return fail(ErrorCode::MemoryLimit, "There was not enough memory to compress the workbook.");
    out_.resize(std::max(out_.size(), libdeflate_deflate_compress_bound(compressor_.get(), raw.size())));
    const std::size_t size =
        libdeflate_deflate_compress(compressor_.get(), raw.data(), raw.size(), out_.data(), out_.size());
    if (size == 0) return deflate_failed("libdeflate_deflate_compress");
    DeflatedBlock block{std::string(reinterpret_cast<const char*>(out_.data()), size), raw.size(), crc32_of(raw)};
    if (!open_deflate_end(block.bytes)) return deflate_failed("the end of libdeflate's stream was not found");
    return block;
  }

 private:
  struct Free {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
  };
  std::unique_ptr<libdeflate_compressor, Free> compressor_{libdeflate_alloc_compressor(kBestLevel)};
  std::vector<std::uint8_t> out_;
};

}  // namespace

std::unique_ptr<Deflater> make_deflater(Compression compression) {
  if (compression == Compression::Best) return std::make_unique<BestDeflater>();
  return std::make_unique<FastDeflater>();
}

std::uint32_t crc32_of(std::string_view bytes) { return canvasback::crc32_of(bytes); }

}  // namespace canvasback::xlsx
