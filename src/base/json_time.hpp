// Times in documents: text, or null where there is none yet.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace canvasback {

// Microseconds since 1970 UTC as iso_time(); 0 and less is null.
inline Json time_or_null(std::int64_t time_us) { return time_us > 0 ? Json(iso_time(time_us)) : Json(); }

}  // namespace canvasback
