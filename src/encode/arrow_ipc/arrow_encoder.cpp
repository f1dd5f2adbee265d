#include "encode/arrow_ipc/arrow_encoder.hpp"

#include <arrow/ipc/options.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/compression.h>
#include <fmt/format.h>

#include <utility>

#include "encode/arrow_sink.hpp"
#include "encode/huge_integers.hpp"

namespace canvasback {
namespace {

Result<std::shared_ptr<arrow::util::Codec>> codec_named(const std::string& name) {
  if (name.empty() || name == "none") return nullptr;
  if (name != "lz4" && name != "zstd") {
    return fail(ErrorCode::InvalidData,
                fmt::format("\"{}\" is not a compression for the arrow format; use none, lz4 or zstd.", name));
  }
  constexpr int kZstdLevel = 1;  // the fastest: the stream is read once
  auto codec = name == "lz4" ? arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME)
                             : arrow::util::Codec::Create(arrow::Compression::ZSTD, kZstdLevel);
  if (!codec.ok()) {
    return fail(ErrorCode::Unavailable, fmt::format("This build of Arrow has no {} compression.", name),
                codec.status().ToString());
  }
  return std::shared_ptr<arrow::util::Codec>(std::move(*codec));
}

class ArrowEncoder final : public Encoder {
 public:
  ArrowEncoder(ArrowContainer container, ByteSink& sink, arrow::ipc::IpcWriteOptions options)
      : container_(container), sink_(sink), stream_(std::make_shared<ArrowSink>(sink)), options_(std::move(options)) {}

 protected:
  Status do_begin(SchemaPtr schema) override {
    auto writer = container_ == ArrowContainer::Stream ? arrow::ipc::MakeStreamWriter(stream_, schema, options_)
                                                       : arrow::ipc::MakeFileWriter(stream_, schema, options_);
    if (!writer.ok()) return fail(stream_->error_from(writer.status()));
    writer_ = std::move(*writer);
    return translate(stream_->Flush());
  }

  Status do_write(BatchPtr batch) override {
    CANVASBACK_TRY(check_huge_integers(*batch));
    CANVASBACK_TRY(translate(writer_->WriteRecordBatch(*batch)));
    return translate(stream_->Flush());
  }

  Status do_finish() override {
    if (auto status = end(); !status) {
      do_abandon();
      return status;
    }
    return sink_.finish();
  }

  void do_abandon() override {
    stream_->drop();
    writer_.reset();
    sink_.abandon();
  }

 private:
  Status end() {
    if (failed_ || !writer_) return fail(stream_->error_from(arrow::Status::Invalid("finished after an error")));
    CANVASBACK_TRY(translate(writer_->Close()));
    return translate(stream_->Flush());
  }

  // An error is remembered: what follows it must not end the stream.
  Status translate(const arrow::Status& status) {
    if (status.ok()) return {};
    failed_ = true;
    return fail(stream_->error_from(status));
  }

  const ArrowContainer container_;
  ByteSink& sink_;
  std::shared_ptr<ArrowSink> stream_;  // shared: Arrow's writers ask for it so
  const arrow::ipc::IpcWriteOptions options_;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
  bool failed_ = false;
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_arrow_encoder(ArrowContainer container, ByteSink& sink,
                                                    const EncodeOptions& options) {
  auto write_options = arrow::ipc::IpcWriteOptions::Defaults();
  CANVASBACK_ASSIGN(write_options.codec, codec_named(options.compression));
  write_options.use_threads = options.threads > 1;
  return std::make_unique<ArrowEncoder>(container, sink, std::move(write_options));
}

}  // namespace canvasback
