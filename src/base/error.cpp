#include "base/error.hpp"

#include <array>

namespace canvasback {
namespace {

struct Row {
  ErrorCode code;
  std::string_view name;
  int status;
  std::string_view title;
};

constexpr std::array kRows{
    Row{ErrorCode::InvalidData, "InvalidData", 400, "Invalid data"},
    Row{ErrorCode::SchemaValidation, "SchemaValidation", 400, "Schema validation failed"},
    Row{ErrorCode::QueryInvalid, "QueryInvalid", 400, "Invalid query"},
    Row{ErrorCode::Unauthorized, "Unauthorized", 401, "Unauthorized"},
    Row{ErrorCode::Forbidden, "Forbidden", 403, "Forbidden"},
    Row{ErrorCode::QueryForbidden, "QueryForbidden", 403, "Query not allowed"},
    Row{ErrorCode::NotFound, "NotFound", 404, "Not found"},
    Row{ErrorCode::DatasetNotFound, "DatasetNotFound", 404, "Dataset not found"},
    Row{ErrorCode::SchemaNotFound, "SchemaNotFound", 404, "Schema not found"},
    Row{ErrorCode::RecordNotFound, "RecordNotFound", 404, "Record not found"},
    Row{ErrorCode::QueryNotFound, "QueryNotFound", 404, "Query not found"},
    Row{ErrorCode::JobNotFound, "JobNotFound", 404, "Job not found"},
    Row{ErrorCode::DashboardNotFound, "DashboardNotFound", 404, "Dashboard not found"},
    Row{ErrorCode::MethodNotAllowed, "MethodNotAllowed", 405, "Method not allowed"},
    Row{ErrorCode::NotAcceptable, "NotAcceptable", 406, "Not acceptable"},
    Row{ErrorCode::RequestTimeout, "RequestTimeout", 408, "Request timed out"},
    Row{ErrorCode::DuplicateRecord, "DuplicateRecord", 409, "Duplicate record"},
    Row{ErrorCode::JobConflict, "JobConflict", 409, "Job in another state"},
    Row{ErrorCode::CursorExpired, "CursorExpired", 410, "Cursor expired"},
    Row{ErrorCode::IdempotencyKeyInUse, "IdempotencyKeyInUse", 409, "Idempotency-Key in use"},
    Row{ErrorCode::PreconditionFailed, "PreconditionFailed", 412, "Precondition failed"},
    Row{ErrorCode::PayloadTooLarge, "PayloadTooLarge", 413, "Payload too large"},
    Row{ErrorCode::UriTooLong, "UriTooLong", 414, "URI too long"},
    Row{ErrorCode::UnsupportedMediaType, "UnsupportedMediaType", 415, "Unsupported media type"},
    Row{ErrorCode::RangeNotSatisfiable, "RangeNotSatisfiable", 416, "Range not satisfiable"},
    Row{ErrorCode::IdempotencyKeyReused, "IdempotencyKeyReused", 422, "Idempotency-Key used for other content"},
    Row{ErrorCode::TooManyRequests, "TooManyRequests", 429, "Too many requests"},
    Row{ErrorCode::HeadersTooLarge, "HeadersTooLarge", 431, "Request header fields too large"},
    Row{ErrorCode::Cancelled, "Cancelled", 499, "Cancelled"},
    Row{ErrorCode::DataProcessing, "DataProcessing", 500, "Data processing failed"},
    Row{ErrorCode::Database, "Database", 500, "Database error"},
    Row{ErrorCode::Repository, "Repository", 500, "Repository error"},
    Row{ErrorCode::Unavailable, "Unavailable", 503, "Unavailable"},
    Row{ErrorCode::QueryTimeout, "QueryTimeout", 504, "Query timed out"},
    Row{ErrorCode::StorageLimit, "StorageLimit", 507, "Storage limit reached"},
    Row{ErrorCode::MemoryLimit, "MemoryLimit", 507, "Memory limit reached"},
};

const Row& row_of(ErrorCode code) {
  for (const Row& row : kRows) {
    if (row.code == code) return row;
  }
  return kRows[0];
}

}  // namespace

std::string_view name_of(ErrorCode code) { return row_of(code).name; }
int http_status_of(ErrorCode code) { return row_of(code).status; }
std::string_view title_of(ErrorCode code) { return row_of(code).title; }

std::optional<ErrorCode> error_code_from(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.code;
  }
  return std::nullopt;
}

}  // namespace canvasback
