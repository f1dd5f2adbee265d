#include <zlib.h>
#include <zstd.h>

#include <utility>

#include "base/compress.hpp"
#include "base/limits.hpp"

namespace canvasback {
namespace {

constexpr std::size_t kPieceBytes = 256 * limits::kKiB;
constexpr std::uint64_t kFreeBytes = 64 * limits::kMiB;

std::unexpected<Error> broken(std::string_view encoding) {
  return fail(ErrorCode::InvalidData, "The " + std::string(encoding) + " data is damaged or truncated.");
}

// Refuses what grows out of all proportion.
class Growth {
 public:
  explicit Growth(std::size_t ratio_max) : ratio_max_(ratio_max) {}
  void took(std::size_t bytes) { in_ += bytes; }
  Status gave(std::size_t bytes) {
    out_ += bytes;
    if (out_ <= kFreeBytes || out_ / ratio_max_ <= in_) return {};
    return fail(ErrorCode::PayloadTooLarge, "The compressed body expands too much.");
  }

 private:
  std::size_t ratio_max_;
  std::uint64_t in_ = 0;
  std::uint64_t out_ = 0;
};

constexpr int kGzipOrZlibBits = 15 + 32;
constexpr int kRawBits = -15;

class GzipDecompressor final : public Decompressor {
 public:
  GzipDecompressor(std::size_t ratio_max, int window_bits) : growth_(ratio_max), piece_(kPieceBytes, '\0') {
    ok_ = inflateInit2(&stream_, window_bits) == Z_OK;
  }
  ~GzipDecompressor() override { inflateEnd(&stream_); }

  Status add(std::string_view bytes, const Take& take) override {
    if (!ok_) return fail(ErrorCode::MemoryLimit, "Not enough memory to decompress the body.");
    growth_.took(bytes.size());
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    bool full = false;
    while (stream_.avail_in > 0 || full) {
      if (ended_) {  // a further member
        if (inflateReset(&stream_) != Z_OK) return broken("gzip");
        ended_ = false;
      }
      stream_.next_out = reinterpret_cast<Bytef*>(piece_.data());
      stream_.avail_out = static_cast<uInt>(piece_.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) return broken("gzip");
      full = stream_.avail_out == 0 && code != Z_STREAM_END;
      const std::size_t got = piece_.size() - stream_.avail_out;
      CANVASBACK_TRY(growth_.gave(got));
      if (got > 0) CANVASBACK_TRY(take(std::string_view(piece_).substr(0, got)));
      ended_ = code == Z_STREAM_END;
      if (code == Z_BUF_ERROR && got == 0) break;
    }
    return {};
  }
  Status end() override { return ended_ ? Status() : broken("gzip"); }

 private:
  z_stream stream_{};
  Growth growth_;
  std::string piece_;
  bool ok_ = false;
  bool ended_ = false;
};

// "deflate" of HTTP is zlib's format by its definition, and bare deflate by what some servers send: the first two bytes
// tell.
class DeflateDecompressor final : public Decompressor {
 public:
  explicit DeflateDecompressor(std::size_t ratio_max) : ratio_max_(ratio_max) {}

  Status add(std::string_view bytes, const Take& take) override {
    if (inner_) return inner_->add(bytes, take);
    begin_ += bytes;
    return begin_.size() < 2 ? Status() : open(take);
  }
  Status end() override {
    if (!inner_) return broken("deflate");
    return inner_->end();
  }

 private:
  Status open(const Take& take) {
    const auto first = static_cast<unsigned char>(begin_[0]);
    const auto second = static_cast<unsigned char>(begin_[1]);
    const bool zlib = (first & 0x0f) == 8 && (first * 256 + second) % 31 == 0;
    inner_ = std::make_unique<GzipDecompressor>(ratio_max_, zlib ? kGzipOrZlibBits : kRawBits);
    const std::string begin = std::exchange(begin_, {});
    return inner_->add(begin, take);
  }

  std::size_t ratio_max_;
  std::string begin_;
  std::unique_ptr<GzipDecompressor> inner_;
};

class ZstdDecompressor final : public Decompressor {
 public:
  explicit ZstdDecompressor(std::size_t ratio_max)
      : stream_(ZSTD_createDStream(), ZSTD_freeDStream), growth_(ratio_max), piece_(kPieceBytes, '\0') {}

  Status add(std::string_view bytes, const Take& take) override {
    if (!stream_) return fail(ErrorCode::MemoryLimit, "Not enough memory to decompress the body.");
    growth_.took(bytes.size());
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    bool full = false;
    while (in.pos < in.size || full) {
      ZSTD_outBuffer out{piece_.data(), piece_.size(), 0};
      const std::size_t code = ZSTD_decompressStream(stream_.get(), &out, &in);
      if (ZSTD_isError(code) != 0) return broken("zstd");
      ended_ = code == 0;
      full = out.pos == out.size;
      CANVASBACK_TRY(growth_.gave(out.pos));
      if (out.pos > 0) CANVASBACK_TRY(take(std::string_view(piece_).substr(0, out.pos)));
    }
    return {};
  }
  Status end() override { return ended_ ? Status() : broken("zstd"); }

 private:
  std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream_;
  Growth growth_;
  std::string piece_;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<Decompressor>> make_decompressor(std::string_view encoding, std::size_t ratio_max) {
  if (encoding == "gzip") return std::make_unique<GzipDecompressor>(ratio_max, kGzipOrZlibBits);
  if (encoding == "deflate") return std::make_unique<DeflateDecompressor>(ratio_max);
  if (encoding == "zstd") return std::make_unique<ZstdDecompressor>(ratio_max);
  return fail(ErrorCode::InvalidData, "Unknown content encoding \"" + std::string(encoding.substr(0, 64)) + "\".");
}

}  // namespace canvasback
