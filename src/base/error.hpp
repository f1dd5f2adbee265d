// Error and Result: how every expected failure travels, from a worker's engine to the client's screen.
// An Error has a code of the closed list below, a message that may be shown to the client, and a detail that is
// only logged. Functions that can fail return Result<T>; CANVASBACK_TRY and CANVASBACK_ASSIGN pass errors up.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace canvasback {

// The typed list of the interface (docs/errors.md); each code has one HTTP status.
enum class ErrorCode {
  InvalidData,
  SchemaValidation,
  QueryInvalid,
  Unauthorized,
  Forbidden,
  QueryForbidden,
  NotFound,
  DatasetNotFound,
  SchemaNotFound,
  RecordNotFound,
  QueryNotFound,
  JobNotFound,
  DashboardNotFound,
  MethodNotAllowed,
  NotAcceptable,
  DuplicateRecord,
  JobConflict,
  PayloadTooLarge,
  UriTooLong,
  UnsupportedMediaType,
  RangeNotSatisfiable,
  HeadersTooLarge,
  RequestTimeout,
  TooManyRequests,
  Cancelled,
  DataProcessing,
  Database,
  Repository,
  Unavailable,
  QueryTimeout,
  StorageLimit,
  MemoryLimit,
  CursorExpired,
  PreconditionFailed,
  IdempotencyKeyInUse,
  IdempotencyKeyReused,
};

struct Error {
  ErrorCode code = ErrorCode::DataProcessing;
  std::string message;               // for the client: says what was wrong and, where it can, what would be right
  std::string detail = {};           // for the log only
  std::optional<int> position = {};  // QueryInvalid: byte offset in the SQL text
  int retry_after_seconds = 0;       // TooManyRequests, Unavailable: when another try makes sense
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message, std::string detail = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(detail), {}, 0});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

std::string_view name_of(ErrorCode code);
// The HTTP status of a code, e.g. 404 for DatasetNotFound.
int http_status_of(ErrorCode code);
// A human title of a code, e.g. "Dataset not found".
std::string_view title_of(ErrorCode code);
std::optional<ErrorCode> error_code_from(std::string_view name);

}  // namespace canvasback

#define CANVASBACK_CONCAT_INNER(a, b) a##b
#define CANVASBACK_CONCAT(a, b) CANVASBACK_CONCAT_INNER(a, b)

// Returns the error of a Result or Status from the enclosing function.
#define CANVASBACK_TRY(expression)                                   \
  do {                                                               \
    if (auto canvasback_result = (expression); !canvasback_result) { \
      return std::unexpected(std::move(canvasback_result).error());  \
    }                                                                \
  } while (false)

#define CANVASBACK_ASSIGN_INNER(result, declaration, expression)  \
  auto result = (expression);                                     \
  if (!result) return std::unexpected(std::move(result).error()); \
  declaration = std::move(*result)

// CANVASBACK_ASSIGN(auto x, f()): x is the value of f(), or the enclosing function returns f's error.
#define CANVASBACK_ASSIGN(declaration, expression) \
  CANVASBACK_ASSIGN_INNER(CANVASBACK_CONCAT(canvasback_result_, __LINE__), declaration, expression)
