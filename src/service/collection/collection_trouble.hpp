// The messages of collections that cannot be read: which files, why, and what to do. Pure.
#pragma once

#include "base/error.hpp"
#include "service/collection/collection.hpp"

namespace canvasback {

// Of a collection with files that block it (FileSet::blocking).
Error blocked_by_files(const Collection& collection);
// Of one whose folder cannot be read.
Error blocked_by(const Collection& collection, const Error& error);

}  // namespace canvasback
