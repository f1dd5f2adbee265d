// The JSON document of a profile as a person at a terminal reads it: one line for each column, a small histogram or
// the most frequent value at its end; for the type quality what was found.
#pragma once

#include <string>

#include "base/json.hpp"

namespace canvasback {

std::string render_profile(const Json& document, int width);

// Bars of one character each, the highest full: "▁▃█". A count above zero is never an empty bar.
std::string spark_line(const Json& counts);

}  // namespace canvasback
