#include "service/collection/ingest_request.hpp"

#include <fmt/format.h>

namespace canvasback {

IngestAnswer answer_of(IngestOutcome outcome, const Json& done, std::uint64_t commit) {
  IngestAnswer answer;
  answer.records = outcome.records;
  answer.quarantined = outcome.quarantined;
  answer.errors = std::move(outcome.errors);
  answer.id = std::move(outcome.id);
  answer.record = std::move(outcome.record);
  answer.commit = commit;
  answer.work_ms = done.at("work_ms").as_double();
  answer.memory_usage_mb = done.at("memory_usage_mb").as_double();
  return answer;
}

std::string parameters_of(const IngestRequest& request) {
  const std::string cast = request.cast ? (*request.cast ? "true" : "false") : "";
  return fmt::format("{} {} {} {} {}", name_of(request.format), static_cast<int>(request.on_conflict),
                     request.quarantine, cast, request.repeated_as);
}

std::string fingerprint_of(const IngestRequest& request, std::string_view body) {
  Fingerprint fingerprint(parameters_of(request));
  fingerprint.add(request.repeated_body ? std::string_view(*request.repeated_body) : body);
  return fingerprint.finish();
}

Result<IngestAnswer> answer_again(const KeptRequest& kept, const std::string& fingerprint) {
  if (!kept.fingerprint.empty() && kept.fingerprint != fingerprint) {
    return fail(ErrorCode::IdempotencyKeyReused,
                "The Idempotency-Key was used before, for other records or parameters: nothing of these was kept.");
  }
  IngestAnswer answer;
  answer.records = kept.records;
  answer.quarantined = kept.quarantined;
  answer.commit = kept.commit;
  answer.repeated = true;
  answer.id = kept.id;
  answer.record = kept.record;
  return answer;
}

IngestInput input_of(const IngestRequest& request) {
  IngestInput input;
  input.format = request.format;
  input.encoding = request.encoding;
  input.key = request.key;
  input.quarantine = request.quarantine;
  input.cast = request.cast;
  return input;
}

}  // namespace canvasback
