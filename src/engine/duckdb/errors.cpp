#include "engine/duckdb/errors.hpp"

#include <array>
#include <charconv>
#include <string>

#include "base/text.hpp"

namespace canvasback::duck {
namespace {

struct Row {
  std::string_view prefix;
  ErrorCode code;
};

constexpr std::array kRows{
    Row{"Parser Error", ErrorCode::QueryInvalid},
    Row{"Syntax Error", ErrorCode::QueryInvalid},
    Row{"Binder Error", ErrorCode::QueryInvalid},
    Row{"Catalog Error", ErrorCode::QueryInvalid},
    Row{"Conversion Error", ErrorCode::QueryInvalid},
    Row{"Out of Range Error", ErrorCode::QueryInvalid},
    Row{"Mismatch Type Error", ErrorCode::QueryInvalid},
    Row{"Invalid type Error", ErrorCode::QueryInvalid},
    Row{"Not implemented Error", ErrorCode::QueryInvalid},
    Row{"Divide by Zero Error", ErrorCode::QueryInvalid},
    Row{"Expression Error", ErrorCode::QueryInvalid},
    Row{"Parameter", ErrorCode::QueryInvalid},
    Row{"Permission Error", ErrorCode::QueryForbidden},
    Row{"Out of Memory Error", ErrorCode::MemoryLimit},
    Row{"Missing Extension Error", ErrorCode::QueryInvalid},
    Row{"Constraint Error", ErrorCode::QueryInvalid},
    Row{"Decimal Error", ErrorCode::QueryInvalid},
    // A file that is not what its name says, or that vanished: the data's fault, not the server's.
    Row{"IO Error", ErrorCode::InvalidData},
    Row{"Invalid Input Error", ErrorCode::InvalidData},
    Row{"Serialization Error", ErrorCode::InvalidData},
    Row{"Invalid Error", ErrorCode::InvalidData},
};

// "LINE 2: select foo …\n       ^": the caret's column, less the prefix, in that line of the statement.
std::optional<int> position_of(std::string_view message, std::string_view sql) {
  const std::size_t at = message.find("\nLINE ");
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = message.substr(at + 6);
  int line = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), line);
  const std::size_t prefix = static_cast<std::size_t>(end - rest.data()) + 2;
  const std::size_t newline = rest.find('\n');
  if (error != std::errc{} || newline == std::string_view::npos || rest.substr(prefix).starts_with("...")) {
    return std::nullopt;
  }
  const std::size_t caret = rest.find('^', newline);
  if (caret == std::string_view::npos) return std::nullopt;
  const std::size_t column = caret - newline - 1;
  const std::size_t before = prefix + 5;  // "LINE " and the number with ": "
  if (column < before) return std::nullopt;
  std::size_t start = 0;
  for (int i = 1; i < line; ++i) {
    start = sql.find('\n', start);
    if (start == std::string_view::npos) return std::nullopt;
    ++start;
  }
  return static_cast<int>(start + column - before);
}

// The engine's advice is about options that nobody can set here, and what follows it is SQL of ours.
std::string without_advice(std::string_view message) {
  for (std::string_view end : {"\nPossible ", "\n  file =", "\n\nLINE ", "\nLINE ", " Try ", "\nTry ", "\nConsider "}) {
    message = message.substr(0, message.find(end));
  }
  for (std::string_view option : {"ignore_errors", "sample_size", "strict_mode", "union_by_name", "all_varchar",
                                  "null_padding", "maximum_object_size", "auto_detect", "encoding="}) {
    const std::size_t at = message.find(option);
    if (at == std::string_view::npos) continue;
    // From the sentence on that names the option.
    const std::size_t stop = message.substr(0, at).find_last_of(".\n");
    message = message.substr(0, stop == std::string_view::npos ? at : stop + 1);
  }
  return std::string(trim(message));
}

}  // namespace

bool is_fatal(std::string_view message) {
  return message.find("INTERNAL Error") != std::string_view::npos || message.starts_with("FATAL Error");
}

bool is_interrupt(std::string_view message) { return message.starts_with("INTERRUPT Error"); }

Error translate_error(std::string_view message, std::string_view sql, const CancelToken& cancel) {
  if (is_interrupt(message)) {
    if (cancel.cancelled()) return cancel.error();
    return Error{ErrorCode::Cancelled, "The task was cancelled.", {}, {}, 0};
  }
  if (is_fatal(message)) {
    return Error{ErrorCode::Database, "The engine failed on this statement.", std::string(message), {}, 0};
  }
  // No detail: an engine's message may quote row values, which do not belong into logs.
  Error error{ErrorCode::Database, std::string(message), {}, {}, 0};
  for (const Row& row : kRows) {
    if (message.starts_with(row.prefix)) error.code = row.code;
  }
  // A bad allocation surfaces under several classes.
  if (message.find("bad_alloc") != std::string_view::npos) error.code = ErrorCode::MemoryLimit;
  if (error.code == ErrorCode::MemoryLimit) error.message = "The statement needs more memory than a worker has.";
  if (error.code == ErrorCode::InvalidData) error.message = without_advice(message);
  if (error.code == ErrorCode::QueryInvalid) error.position = position_of(message, sql);
  return error;
}

}  // namespace canvasback::duck
