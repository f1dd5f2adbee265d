// Rows of a PartSource in their order, parts ahead of their reader.
#include <arrow/record_batch.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "base/limits.hpp"
#include "base/ordered_pipeline.hpp"
#include "worker/roles/query/text_files.hpp"

namespace canvasback {
namespace {

// Rows of one part.
struct Piece {
  std::size_t part = 0;
  std::int64_t skip = 0;
  std::int64_t take = 0;
};

std::vector<Piece> pieces_of(const std::vector<PartSource::Part>& parts, std::int64_t offset, std::int64_t rows) {
  std::vector<Piece> out;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i < parts.size() && rows > 0; ++i) {
    const std::int64_t end = begin + parts[i].rows;
    if (end > offset) {
      const std::int64_t skip = std::max<std::int64_t>(0, offset - begin);
      const std::int64_t take = std::min(parts[i].rows - skip, rows);
      if (take > 0) out.push_back({i, skip, take});
      rows -= take;
    }
    begin = end;
  }
  return out;
}

// One thread uses a reader at a time; as many are made as threads read.
class Readers {
 public:
  Readers(std::shared_ptr<const PartSource> source, std::vector<int> columns, CancelToken cancel)
      : source_(std::move(source)), columns_(std::move(columns)), cancel_(std::move(cancel)) {}

  Result<BatchPtr> read(const Piece& piece) {
    CANVASBACK_ASSIGN(std::unique_ptr<PartSource::Reader> reader, take());
    CANVASBACK_ASSIGN(const BatchPtr batch, reader->read(piece.part));
    {
      std::scoped_lock lock(mutex_);
      idle_.push_back(std::move(reader));
    }
    return batch->Slice(piece.skip, piece.take);
  }

 private:
  Result<std::unique_ptr<PartSource::Reader>> take() {
    {
      std::scoped_lock lock(mutex_);
      if (!idle_.empty()) {
        auto reader = std::move(idle_.back());
        idle_.pop_back();
        return reader;
      }
    }
    return source_->open(columns_, cancel_);
  }

  std::shared_ptr<const PartSource> source_;
  std::vector<int> columns_;
  CancelToken cancel_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<PartSource::Reader>> idle_;
};

class RangeStream final : public BatchStream {
 public:
  RangeStream(SchemaPtr schema, Readers& readers, std::vector<Piece> pieces)
      : schema_(std::move(schema)), readers_(&readers), pieces_(std::move(pieces)) {}
  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override { return next_ < pieces_.size() ? readers_->read(pieces_[next_++]) : BatchPtr(); }

 private:
  SchemaPtr schema_;
  Readers* readers_;
  std::vector<Piece> pieces_;
  std::size_t next_ = 0;
};

// Owns what its parts use.
class OwningStream final : public BatchStream {
 public:
  OwningStream(std::unique_ptr<Readers> readers, SchemaPtr schema, std::vector<Piece> pieces)
      : readers_(std::move(readers)), stream_(std::move(schema), *readers_, std::move(pieces)) {}
  SchemaPtr schema() const override { return stream_.schema(); }
  Result<BatchPtr> next() override { return stream_.next(); }

 private:
  std::unique_ptr<Readers> readers_;
  RangeStream stream_;
};

class AheadStream final : public BatchStream {
 public:
  AheadStream(std::unique_ptr<Readers> readers, SchemaPtr schema, std::vector<Piece> pieces, int threads,
              CancelToken cancel)
      : readers_(std::move(readers)),
        schema_(std::move(schema)),
        cancel_(std::move(cancel)),
        pipeline_({threads, static_cast<std::size_t>(threads) * 2, limits::kScanBytesInFlight},
                  [this](const Piece& piece) { return readers_->read(piece); }),
        feeding_([this, pieces = std::move(pieces)] {
          for (const Piece& piece : pieces) {
            if (!pipeline_.push(piece, limits::kTextPartBytes / 4)) return;
          }
          pipeline_.close();
        }) {}
  ~AheadStream() override { pipeline_.stop(); }
  AheadStream(const AheadStream&) = delete;
  AheadStream& operator=(const AheadStream&) = delete;

  SchemaPtr schema() const override { return schema_; }
  Result<BatchPtr> next() override {
    CANVASBACK_ASSIGN(std::optional<BatchPtr> batch, pipeline_.pop([this] { return cancel_.check(); }));
    return batch ? std::move(*batch) : BatchPtr();
  }

 private:
  std::unique_ptr<Readers> readers_;
  SchemaPtr schema_;
  CancelToken cancel_;
  OrderedPipeline<Piece, BatchPtr> pipeline_;
  std::jthread feeding_;  // ends before the pipeline does
};

}  // namespace

Result<std::unique_ptr<BatchStream>> read_text_range(std::shared_ptr<const PartSource> source, const TextRange& range,
                                                     const CancelToken& cancel) {
  arrow::FieldVector fields;
  for (int column : range.columns) fields.push_back(source->schema()->field(column));
  auto schema = arrow::schema(std::move(fields));
  std::vector<Piece> pieces = pieces_of(source->parts(), range.offset, range.rows);
  const bool ahead = range.threads > 1 && pieces.size() > 2 && !source->is_sequential();
  auto readers = std::make_unique<Readers>(std::move(source), range.columns, cancel);
  if (ahead) {
    return std::make_unique<AheadStream>(std::move(readers), std::move(schema), std::move(pieces), range.threads,
                                         cancel);
  }
  return std::make_unique<OwningStream>(std::move(readers), std::move(schema), std::move(pieces));
}

}  // namespace canvasback
