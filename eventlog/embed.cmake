# cmake -DOUTPUT=migrations.c -DFOLDER=migrations -P embed.cmake
#
# Writes the files NNNN_name.sql as the C table MIGRATIONS, in order, byte for byte.
file(GLOB files ${FOLDER}/[0-9][0-9][0-9][0-9]_*.sql)
list(SORT files)
set(texts "")
set(table "")
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME_WE)
  string(REGEX MATCH "^0*([1-9][0-9]*)_(.*)$" matched ${name})
  if(NOT matched)
    message(FATAL_ERROR "${file}: a migration is named NNNN_name.sql, counted from 0001")
  endif()
  set(version ${CMAKE_MATCH_1})
  set(title ${CMAKE_MATCH_2})
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND texts "static const char text_${version}[] = {${bytes}0};\n")
  string(APPEND table "    {${version}, \"${title}\", text_${version}},\n")
endforeach()
file(WRITE ${OUTPUT} "/* Made by embed.cmake. */
#include \"eventlog/migration.h\"

${texts}
const struct migration MIGRATIONS[] = {\n${table}};
const int MIGRATION_COUNT = sizeof MIGRATIONS / sizeof MIGRATIONS[0];
")
