#include "stream/compressing_sink.hpp"

#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/compress.hpp"

namespace canvasback {
namespace {

// A write this long after the last flush is flushed too: no row waits longer for the next one, at a cost of ten
// flushes a second at most.
constexpr double kFlushPeriodMs = 100;

class CompressingSink final : public ByteSink {
 public:
  CompressingSink(std::unique_ptr<Compressor> compressor, ByteSink& next)
      : compressor_(std::move(compressor)), next_(next) {}

  Status write(std::string_view bytes) override {
    CANVASBACK_TRY(compressor_->add(bytes, ready_));
    if (since_flush_.elapsed_ms() >= kFlushPeriodMs) {
      CANVASBACK_TRY(compressor_->flush(ready_));
      since_flush_.restart();
    }
    return pass_on();
  }

  Status finish() override {
    if (auto status = end(); !status) {
      next_.abandon();
      return status;
    }
    return next_.finish();
  }

  void abandon() override { next_.abandon(); }

 private:
  Status end() {
    CANVASBACK_TRY(compressor_->end(ready_));
    return pass_on();
  }
  Status pass_on() {
    if (ready_.empty()) return {};
    auto status = next_.write(ready_);
    ready_.clear();
    return status;
  }

  std::unique_ptr<Compressor> compressor_;
  ByteSink& next_;
  std::string ready_;
  Stopwatch since_flush_;
};

}  // namespace

Result<std::unique_ptr<ByteSink>> make_compressing_sink(std::string_view encoding, ByteSink& next) {
  CANVASBACK_ASSIGN(auto compressor, make_compressor(encoding));
  return std::make_unique<CompressingSink>(std::move(compressor), next);
}

}  // namespace canvasback
