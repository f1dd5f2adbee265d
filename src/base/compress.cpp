#include "base/compress.hpp"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

namespace canvasback {
namespace {

constexpr std::size_t kOutputStep = 64 * 1024;
constexpr int kGzipLevel = 1;
constexpr int kZstdLevel = 1;

std::unexpected<Error> compression_failed(std::string_view what) {
  return fail(ErrorCode::DataProcessing, "The answer could not be compressed.", std::string(what));
}

class GzipCompressor final : public Compressor {
 public:
  ~GzipCompressor() override {
    if (open_) deflateEnd(&stream_);
  }
  Status open() {
    constexpr int kGzipWindowBits = 15 + 16;  // 32 KiB window, gzip header and trailer
    constexpr int kMemoryLevel = 8;
    open_ = deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK;
    if (!open_) return compression_failed("deflateInit2");
    return {};
  }
  Status add(std::string_view bytes, std::string& out) override {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, std::numeric_limits<uInt>::max());
      CANVASBACK_TRY(run(piece, Z_NO_FLUSH, out));
      bytes.remove_prefix(piece.size());
    }
    return {};
  }
  Status flush(std::string& out) override { return run({}, Z_SYNC_FLUSH, out); }
  Status end(std::string& out) override { return run({}, Z_FINISH, out); }

 private:
  Status run(std::string_view bytes, int mode, std::string& out) {
    // zlib never writes to its input; its interface predates const.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    std::size_t used = out.size();
    do {
      out.resize_and_overwrite(used + kOutputStep, [](char*, std::size_t size) { return size; });
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + used);
      stream_.avail_out = kOutputStep;
      if (deflate(&stream_, mode) == Z_STREAM_ERROR) {
        out.resize(used);
        return compression_failed("deflate");
      }
      used += kOutputStep - stream_.avail_out;
    } while (stream_.avail_out == 0);
    out.resize(used);
    return {};
  }

  z_stream stream_{};
  bool open_ = false;
};

class ZstdCompressor final : public Compressor {
 public:
  Status open() {
    if (!context_ || ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1))) {
      return compression_failed("ZSTD_CCtx");
    }
    return {};
  }
  Status add(std::string_view bytes, std::string& out) override { return run(bytes, ZSTD_e_continue, out); }
  Status flush(std::string& out) override { return run({}, ZSTD_e_flush, out); }
  Status end(std::string& out) override { return run({}, ZSTD_e_end, out); }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };

  Status run(std::string_view bytes, ZSTD_EndDirective mode, std::string& out) {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    std::size_t used = out.size();
    std::size_t left = 0;
    do {
      out.resize_and_overwrite(used + kOutputStep, [](char*, std::size_t size) { return size; });
      ZSTD_outBuffer output{out.data() + used, kOutputStep, 0};
      left = ZSTD_compressStream2(context_.get(), &output, &input, mode);
      used += output.pos;
      if (ZSTD_isError(left)) {
        out.resize(used);
        return compression_failed(ZSTD_getErrorName(left));
      }
    } while (mode == ZSTD_e_continue ? input.pos < input.size : left > 0);
    out.resize(used);
    return {};
  }

  std::unique_ptr<ZSTD_CCtx, Free> context_{ZSTD_createCCtx()};
};

template <class Kind>
Result<std::unique_ptr<Compressor>> open_compressor() {
  auto compressor = std::make_unique<Kind>();
  CANVASBACK_TRY(compressor->open());
  return compressor;
}

}  // namespace

Result<std::unique_ptr<Compressor>> make_compressor(std::string_view encoding) {
  if (encoding == "gzip") return open_compressor<GzipCompressor>();
  if (encoding == "zstd") return open_compressor<ZstdCompressor>();
  return fail(ErrorCode::InvalidData, fmt::format("\"{}\" is not an encoding; use gzip or zstd.", encoding));
}

std::uint32_t combine_crc32(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes) {
  return static_cast<std::uint32_t>(crc32_combine(first, second, static_cast<z_off_t>(second_bytes)));
}

}  // namespace canvasback
