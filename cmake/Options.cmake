# Language level, warnings, hardening and the switches of the presets.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_compile_definitions(_GNU_SOURCE)

set(NOETL_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize= (address,undefined or thread)")
option(NOETL_WERROR "warnings are errors" OFF)
option(NOETL_FUZZ "build the libFuzzer targets (clang)" OFF)
option(NOETL_COVERAGE "build with gcov counters" OFF)

# Every flag is probed: compilers of one Debian release disagree about some of them.
function(noetl_try_flags)
  foreach(flag IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
    check_c_compiler_flag("-Werror ${flag}" ${have})
    if(${have})
      add_compile_options(${flag})
    endif()
  endforeach()
endfunction()

noetl_try_flags(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
                -Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wundef -Wimplicit-fallthrough
                -Wunused-result -Wnull-dereference -Wswitch-enum -Wno-missing-field-initializers
                -fno-common -fno-omit-frame-pointer)
if(NOETL_WERROR)
  add_compile_options(-Werror)
endif()

if(NOETL_SANITIZE)
  add_compile_options(-fsanitize=${NOETL_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${NOETL_SANITIZE})
else()
  noetl_try_flags(-fstack-protector-strong -fstack-clash-protection -fcf-protection)
  if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    add_compile_definitions(_FORTIFY_SOURCE=2)
  endif()
  foreach(flag -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
    string(MAKE_C_IDENTIFIER "HAVELINK${flag}" have)
    check_linker_flag(C ${flag} ${have})
    if(${have})
      add_link_options(${flag})
    endif()
  endforeach()
endif()

if(NOETL_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
if(NOETL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
