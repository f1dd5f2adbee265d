// ViewWriter: rows of a view on their way into the cache. Gathers batches into parts of about
// limits::kViewPartBytesMax in the spill folder and offers each to the front when it is full.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "query/view.hpp"
#include "storage/table_file.hpp"
#include "worker/child/channel.hpp"

namespace canvasback {

class ViewWriter {
 public:
  // name: what the keys of its parts are made from, with their numbers. on_part is called behind each offer.
  ViewWriter(Channel& channel, std::string spill_folder, std::string name, std::function<Status()> on_part)
      : channel_(channel),
        spill_folder_(std::move(spill_folder)),
        name_(std::move(name)),
        on_part_(std::move(on_part)) {}
  ~ViewWriter();

  // Errors: StorageLimit; those of on_part.
  Status write(const arrow::RecordBatch& batch);
  // The part at hand is full, whatever it holds.
  Status end_part();
  // No rows follow. Of none at all there is one empty part, which tells the schema.
  Status end(const SchemaPtr& schema);

  const std::vector<ViewPart>& parts() const { return parts_; }
  std::uint64_t bytes() const { return bytes_ + (writer_ ? writer_->bytes() : 0); }
  std::int64_t rows() const { return rows_; }

 private:
  Channel& channel_;
  Status begin_part(const SchemaPtr& schema);

  const std::string spill_folder_;
  const std::string name_;
  std::function<Status()> on_part_;
  std::unique_ptr<TableFileWriter> writer_;
  std::string key_;  // of the part at hand
  std::string path_;
  std::vector<ViewPart> parts_;
  std::uint64_t bytes_ = 0;
  std::int64_t rows_ = 0;
};

// Offers a finished file of the spill folder for the cache.
Status offer_to_cache(Channel& channel, const std::string& key, const std::string& path);

}  // namespace canvasback
