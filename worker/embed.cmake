# A file as an array in C: cmake -DINPUT=file -DOUTPUT=file.c -DNAME=symbol -P embed.cmake
# Gives `const unsigned char NAME[]` and `const size_t NAME_size`, so that the program needs no file when it runs.
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}") # sixteen bytes a line
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUTPUT} "#include <stddef.h>\n
extern const unsigned char ${NAME}[];
extern const size_t ${NAME}_size;
const unsigned char ${NAME}[] = {\n${bytes}0x00};
const size_t ${NAME}_size = sizeof(${NAME}) - 1;\n")
