// What is asked of ingest and what it answers, as values; and what makes two requests of one Idempotency-Key the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/table/key_conflicts.hpp"
#include "task/collection_task.hpp"

namespace canvasback {

inline constexpr std::string_view kDefaultCollection = "all_records";

struct IngestRequest {
  std::string collection{kDefaultCollection};
  InputFormat format = InputFormat::Json;
  std::string encoding;
  std::string key;  // Idempotency-Key
  bool quarantine = false;
  std::optional<bool> cast = {};  // instead of what the schema says
  OnConflict on_conflict = OnConflict::Refuse;
  // With OnConflict::Replace: of the record that is replaced. Of one of another version it is refused
  // (PreconditionFailed).
  ExpectedVersion expected = {};
  // With OnConflict::Replace: the key that the one record must have, as in its address (key_text()).
  std::vector<std::string> address = {};
  // Fields of the one record whose text is that of a date or time, whatever the schema says of them (RecordInfo).
  std::vector<std::pair<std::string, FieldType>> times = {};
  // With a key: what else a repetition must be the same in, beside collection, parameters and body; and what is so
  // instead of the body, where that is made anew each time.
  std::string repeated_as = {};
  std::optional<std::string> repeated_body = {};
  bool known_only = false;  // SchemaNotFound where there is neither schema nor collection; else the collection is made
  std::int64_t received_ns = 0;
};

struct IngestAnswer {
  std::int64_t records = 0;
  std::int64_t quarantined = 0;
  std::uint64_t commit = 0;  // 0: there was nothing to keep
  bool repeated = false;     // the answer to an earlier request of the same Idempotency-Key
  Json errors;               // of single records, where they were quarantined
  double queue_ms = 0;       // until a worker had it
  double work_ms = 0;        // parsing, encoding
  double sync_ms = 0;        // until it was on the disk
  double memory_usage_mb = 0;
  Json id;                          // of a record that came alone
  std::vector<std::string> record;  // its key, as in its address
  std::int64_t ingested_us = 0;     // of all of them; 0: it is not known any more
};

// One request's share of a commit that was kept; `done` is what the worker said at its end.
IngestAnswer answer_of(IngestOutcome outcome, const Json& done, std::uint64_t commit);

// What the fingerprint of a request under an Idempotency-Key begins with, and the fingerprint of one with this body.
std::string parameters_of(const IngestRequest& request);
std::string fingerprint_of(const IngestRequest& request, std::string_view body);
// What is said of a request that was kept before, of which `fingerprint` is the repetition. Errors:
// IdempotencyKeyReused where that is another request.
Result<IngestAnswer> answer_again(const KeptRequest& kept, const std::string& fingerprint);

// The input of a task that is for all records of a request, without what is only known of its body.
IngestInput input_of(const IngestRequest& request);

}  // namespace canvasback
