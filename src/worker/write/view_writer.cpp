#include "worker/write/view_writer.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/hash.hpp"
#include "base/limits.hpp"

namespace canvasback {

Status offer_to_cache(Channel& channel, const std::string& key, const std::string& path) {
  Json offer;
  offer.set("key", key);
  offer.set("path", path);
  return channel.send(FrameKind::CacheOffer, offer);
}

ViewWriter::~ViewWriter() {
  if (!writer_) return;
  writer_.reset();
  ::unlink(path_.c_str());
}

Status ViewWriter::begin_part(const SchemaPtr& schema) {
  key_ = sha256_hex(fmt::format("part\n{}\n{}", name_, parts_.size()));
  // The front takes it away when it comes to it: no two parts may have one path.
  path_ = fmt::format("{}/{}.part", spill_folder_, key_);
  CANVASBACK_ASSIGN(writer_, TableFileWriter::create(path_, schema));
  return {};
}

Status ViewWriter::end(const SchemaPtr& schema) {
  if (!writer_ && parts_.empty()) CANVASBACK_TRY(begin_part(schema));
  return end_part();
}

Status ViewWriter::write(const arrow::RecordBatch& batch) {
  if (batch.num_rows() == 0) return {};
  if (!writer_) CANVASBACK_TRY(begin_part(batch.schema()));
  CANVASBACK_TRY(writer_->write(batch));
  rows_ += batch.num_rows();
  return writer_->bytes() >= limits::kViewPartBytesMax ? end_part() : Status();
}

Status ViewWriter::end_part() {
  if (!writer_) return {};
  CANVASBACK_TRY(writer_->close());
  ViewPart part{key_, writer_->rows()};
  bytes_ += writer_->bytes();
  writer_.reset();
  CANVASBACK_TRY(offer_to_cache(channel_, part.key, path_));
  parts_.push_back(std::move(part));
  return on_part_ ? on_part_() : Status();
}

}  // namespace canvasback
