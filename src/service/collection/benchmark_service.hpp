// BenchmarkService: measures how fast records are kept under a schema: the same records one by one and in bulk, with
// the durability of the settings, into a collection beside the others that nobody sees and that is gone afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "service/collection/ingest_service.hpp"

namespace canvasback {

struct BenchmarkRequest {
  std::string schema;
  std::int64_t records = 0;
  std::int64_t single_records = 0;
};

class BenchmarkService {
 public:
  // All of them outlive it.
  BenchmarkService(CollectionContext& context, IngestService& ingest, const SchemaStore& schemas)
      : context_(context), ingest_(ingest), schemas_(schemas) {}

  // {"row_by_row", "bulk", "speedup", …}. Costs what writing the records does; the single ones for some seconds at the
  // most. Errors: TooManyRequests where one runs already, InvalidData for a schema that nothing can be made up for.
  asio::awaitable<Result<Json>> run(BenchmarkRequest request);

 private:
  struct Records;
  struct Scratch;

  RecordSchema schema_of(const std::string& name) const;
  asio::awaitable<Result<Json>> measure(Scratch& scratch, BenchmarkRequest request, Records records);
  asio::awaitable<Result<std::int64_t>> write_singly(Collection& collection, std::vector<std::string> records);
  asio::awaitable<Result<IngestAnswer>> write_at_once(Collection& collection, const std::string& body);

  CollectionContext& context_;
  IngestService& ingest_;
  const SchemaStore& schemas_;
  bool running_ = false;
};

}  // namespace canvasback
