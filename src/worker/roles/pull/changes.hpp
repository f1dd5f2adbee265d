// Changes: what a cycle finds to be other than the copy, written as a part in `recent`. A row that the copy has just so
// is dropped; every other one replaces what the copy has of its key. Not thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "worker/roles/pull/table_copy.hpp"
#include "worker/write/pulled_part_writer.hpp"

namespace canvasback {

class Changes {
 public:
  // first_number: of the parts that are written. All references outlive it.
  Changes(TableCopy& copy, std::uint64_t first_number, SchemaPtr schema, int threads, WorkFeed& feed,
          const CancelToken& cancel)
      : copy_(copy),
        next_number_(first_number),
        schema_(std::move(schema)),
        threads_(threads),
        feed_(feed),
        cancel_(cancel) {}

  // Rows of the source as they are now. Gives how many the copy did not have so.
  Result<std::int64_t> take(const PulledRows& rows);
  // The key is gone from the source.
  void remove(std::string_view key, const TableCopy::Place& place);

  std::int64_t inserted() const { return inserted_; }
  std::int64_t updated() const { return updated_; }
  std::int64_t deleted() const { return deleted_; }
  // The parts that were written, with those of their own rows that died again. Once, last.
  Result<std::vector<PulledPart>> finish();

 private:
  Status write(const PulledRows& rows);
  Status end_part();

  TableCopy& copy_;
  std::uint64_t next_number_;
  SchemaPtr schema_;
  int threads_;
  WorkFeed& feed_;
  const CancelToken& cancel_;
  std::unique_ptr<PulledPartWriter> writer_;
  std::vector<PulledPart> parts_;
  std::int64_t rows_ = 0;  // written
  std::int64_t inserted_ = 0, updated_ = 0, deleted_ = 0;
};

}  // namespace canvasback
