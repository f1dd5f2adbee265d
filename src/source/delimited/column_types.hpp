// The type that follows from what a column's cells have in common, and why it is no narrower one. Pure.
// Internal to source/delimited.
#pragma once

#include <string>

#include "record/text_reading.hpp"
#include "source/delimited/cell_kinds.hpp"

namespace canvasback::delimited {

struct DecidedType {
  std::string type = "VARCHAR";
  std::string reason;
};

// Of what was seen, not of what was told but the date format.
DecidedType decide_type(const CellKinds& kinds, const TextSettings& settings);

// `line 501003 has "00501"`, with the file where it is known.
std::string place_of(const CellKinds::First& first);

}  // namespace canvasback::delimited
