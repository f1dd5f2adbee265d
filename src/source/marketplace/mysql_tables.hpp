// The tables of the marketplace as MySQL 5.7 has them: what a script that creates them, or loads files into them, says
// beside the rows. Columns are those of marketplace_batches.hpp; every table has a primary key on id and a key on
// updated_at, orders one on created_at, too. There are no foreign keys and no triggers: nothing moves updated_at but
// who sets it.
#pragma once

#include <string>

#include "source/marketplace/marketplace.hpp"

namespace canvasback::marketplace {

// SET statements for the session, then CREATE TABLE for all tables; a table that is there already is an error.
std::string mysql_schema();
// LOAD DATA LOCAL INFILE for all tables, of files named TABLE.tsv in the folder that the client runs in.
std::string mysql_load();

}  // namespace canvasback::marketplace
