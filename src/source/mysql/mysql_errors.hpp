// Errors of libmariadb and of the servers behind it, as the program's own. Pure, by number.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace canvasback {

// number: of the server (1000 to 1999, 3000 on) or of the client library (2000 to 2999). The message is the server's,
// with its number; sql, if any, is for the log.
Error mysql_error(unsigned number, std::string_view message, std::string_view address, std::string_view sql = {});

}  // namespace canvasback
