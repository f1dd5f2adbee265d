// DuckDB's errors as ours: a message starts with its class ("Binder Error: …"), which decides the code.
#pragma once

#include <string_view>

#include "base/cancel.hpp"
#include "base/error.hpp"

namespace canvasback::duck {

// `sql` serves to turn DuckDB's "LINE n: … ^" into a byte position. An interrupt takes the token's reason.
Error translate_error(std::string_view message, std::string_view sql, const CancelToken& cancel);

bool is_interrupt(std::string_view message);

// True where the instance must not be used any more (internal and fatal errors).
bool is_fatal(std::string_view message);

}  // namespace canvasback::duck
