#include "source/mysql/mysql_errors.hpp"

namespace canvasback {
namespace {

constexpr int kRetryAfterSeconds = 5;
constexpr std::size_t kStatementBytesMax = 2000;

ErrorCode code_of(unsigned number) {
  switch (number) {
    case 1044:  // no right to the database
    case 1045:  // wrong user or password
    case 1142:  // no right to the table
    case 1143:  // or to the column
    case 1227:  // or a privilege is missing
    case 1370:  // or to the routine
    case 1524:  // the server asks for a plugin that is not loaded
    case 1698:  // wrong password (of a plugin)
    case 1820:  // the password has expired
    case 1862:
    case 3118:  // the account is locked
    case 4151: return ErrorCode::Forbidden;
    case 1049:  // no such database
    case 1051:  // no such table
    case 1054:  // no such column
    case 1064:  // syntax
    case 1066:  // the same name twice
    case 1109:
    case 1146: return ErrorCode::QueryInvalid;
    case 1317:                               // KILL QUERY
    case 1927: return ErrorCode::Cancelled;  // KILL CONNECTION (MariaDB)
    case 1969:                               // max_statement_time (MariaDB)
    case 3024: return ErrorCode::QueryTimeout;
    case 1040:  // too many connections
    case 1053:  // shutting down
    case 1129:  // the host is blocked
    case 1152:  // aborted connection
    case 1158:
    case 1159:
    case 1160:
    case 1161:                                 // network errors
    case 1203:                                 // too many connections of the user
    case 1205:                                 // waited too long for a lock
    case 1213:                                 // deadlock
    case 1226:                                 // the user's limit
    case 1412:                                 // the table was changed under the snapshot
    case 3169:                                 // killed
    case 4031: return ErrorCode::Unavailable;  // idle for too long
    case 2059:                                 // an authentication plugin cannot be loaded
    case 2061: return ErrorCode::Forbidden;    // or failed
    default: return number >= 2000 && number < 3000 ? ErrorCode::Unavailable : ErrorCode::Database;
  }
}

std::string beginning(ErrorCode code, const std::string& server) {
  switch (code) {
    case ErrorCode::Forbidden: return server + " refused access";
    case ErrorCode::QueryInvalid: return server + " did not take the statement";
    case ErrorCode::QueryTimeout: return server + " stopped the statement at its time limit";
    case ErrorCode::Cancelled: return server + " stopped the statement";
    case ErrorCode::Unavailable: return server + " is not available";
    default: return server + " reported an error";
  }
}

}  // namespace

Error mysql_error(unsigned number, std::string_view message, std::string_view address, std::string_view sql) {
  Error error;
  error.code = code_of(number);
  error.message = beginning(error.code, "The MySQL server " + std::string(address)) + ": " + std::string(message) +
                  " (error " + std::to_string(number) + ").";
  error.detail = sql.substr(0, kStatementBytesMax);
  if (error.code == ErrorCode::Unavailable) error.retry_after_seconds = kRetryAfterSeconds;
  return error;
}

}  // namespace canvasback
