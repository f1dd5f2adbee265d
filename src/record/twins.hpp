// Twins: columns of members of an object whose names differ in case alone ({"X": 1, "x": 2}). A struct of the engine
// has no two such members, so below a record all objects of such a place are JSON text, decided over the kinds of all
// files.
#pragma once

#include "record/kinds.hpp"

namespace canvasback {

// Adds Kind::ObjectText to every place below the record that has twins. Said by a bit and not derived from the members,
// because files of earlier versions have structs of twins: for the kinds by which a file is written or a dataset is
// read, never for those of a file that is there.
void settle_twins(Kinds& record);

}  // namespace canvasback
