// An Error as a line of the log. What an engine or a parser says may quote a statement or a row, and neither belongs
// into logs above debug: of such errors the code alone is told.
#pragma once

#include <string>

#include "base/error.hpp"

namespace canvasback {

// "StorageLimit The disk is full. write /data/x" where the message and the detail are our own words, else
// "Database (its message is logged at debug)". The message itself is then written at debug.
std::string for_log(const Error& error);

}  // namespace canvasback
