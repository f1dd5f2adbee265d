// PartBuilder: shredded records into the files of one commit. Blocks are gathered into row groups; a row group is
// written in the columns of everything seen so far, and where these are other columns than the file at hand has, or it
// has enough rows, the next file is begun. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "source/records/shredded.hpp"
#include "storage/parquet/part_writer.hpp"
#include "task/collection_task.hpp"
#include "worker/write/key_writer.hpp"

namespace canvasback {

class PartBuilder {
 public:
  using OpenFile = std::function<Result<UniqueFd>()>;
  // Reads a block once more, with lists and objects as text where they must be.
  using ReadAgain = std::function<Result<Shredded>(const TextPlaces&)>;

  // keys: told of every row that is written, or nullptr.
  PartBuilder(std::int64_t time_us, int threads, OpenFile open_file, KeyWriter* keys = nullptr);

  // The places where text is wanted as of now: blocks are best read with these.
  std::shared_ptr<const TextPlaces> texts() const { return texts_; }

  // `source_bytes` is what the block weighs in memory until its row group is written.
  Status add(Shredded records, std::shared_ptr<const TextPlaces> texts, std::size_t source_bytes, ReadAgain again);
  // Writes what is gathered, so that nothing of it is read again.
  Status settle() { return flush(); }
  // All files, footers written; `requests` go into the first. Where something is to be deleted there is a file, with or
  // without records.
  Result<std::vector<IngestFile>> finish(std::vector<KeptRequest> requests, std::vector<KeptDelete> deletes = {});
  // What the footers say beside what is found in the records.
  void set_keeps_older(bool keeps_older) { keeps_older_ = keeps_older; }
  // Columns beside the id that get a Bloom filter, where they are of text or integers.
  void set_filtered(std::vector<std::string> columns) { filtered_ = std::move(columns); }
  std::int64_t records() const { return records_; }

 private:
  struct Block {
    Shredded records;
    std::shared_ptr<const TextPlaces> texts;
    ReadAgain again;
  };

  Status flush();
  Status settle_kinds();
  void note_firsts(const Shredded& records, std::int64_t first_record);
  Status begin_file(SchemaPtr schema, const arrow::Table& first);
  Status end_file(std::vector<KeptRequest> requests);

  std::int64_t time_us_;
  int threads_;
  OpenFile open_file_;
  std::shared_ptr<const TextPlaces> texts_ = std::make_shared<TextPlaces>();
  Kinds kinds_;       // of all that is written, and of the row group at hand once it is settled
  Kinds file_kinds_;  // of the file at hand: they may have grown without a change of columns
  std::vector<Block> blocks_;
  std::int64_t group_rows_ = 0;
  std::size_t group_bytes_ = 0;
  std::int64_t records_ = 0;
  UniqueFd file_;
  std::unique_ptr<PartWriter> writer_;
  SchemaPtr schema_;
  PartInfo info_;
  std::vector<IngestFile> files_;
  KeyWriter* keys_;
  bool keeps_older_ = false;
  std::vector<std::string> filtered_;
};

}  // namespace canvasback
