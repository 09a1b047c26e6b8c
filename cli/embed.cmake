# cmake -DOUTPUT=completion_scripts.c -DFOLDER=completions -P embed.cmake
#
# Writes noetl.bash, noetl.fish and noetl.zsh as the C table COMPLETION_SCRIPTS, byte for byte.
set(texts "")
set(table "")
foreach(shell bash fish zsh)
  file(READ ${FOLDER}/noetl.${shell} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND texts "static const char text_${shell}[] = {${bytes}0};\n")
  string(APPEND table "    {\"${shell}\", text_${shell}},\n")
endforeach()
file(WRITE ${OUTPUT} "/* Made by embed.cmake. */
#include \"cli/completion_scripts.h\"

${texts}
const struct completion_script COMPLETION_SCRIPTS[COMPLETION_SCRIPT_COUNT] = {\n${table}};
")
