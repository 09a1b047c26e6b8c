# noetl_test(NAME SOURCES a.c ... [ROOMS core ...] [LIBRARIES ...] [LABELS unit|servers|full|once] [COST seconds])
#
# A cmocka program that ctest runs with the repository's root in NOETL_SOURCE_DIR and the built binary in
# NOETL_BINARY. Labels: unit (no server), servers (starts its own nats-server and Postgres), full (long).
# COST is what a test of more than twenty seconds takes about: ctest begins the longest first, or one of them would run
# alone at the end.
function(noetl_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT;COST" "SOURCES;ROOMS;LIBRARIES;LABELS" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES})
  foreach(room IN LISTS TEST_ROOMS)
    target_link_libraries(test_${name} PRIVATE room_${room})
  endforeach()
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/support)
  target_link_libraries(test_${name} PRIVATE PkgConfig::CMOCKA ${TEST_LIBRARIES})
  add_test(NAME ${name} COMMAND test_${name})
  if(NOT TEST_LABELS)
    set(TEST_LABELS unit)
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 240)
  endif()
  if(NOT TEST_COST)
    set(TEST_COST 0)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT ${TEST_TIMEOUT} COST ${TEST_COST} ENVIRONMENT
    "NOETL_SOURCE_DIR=${CMAKE_SOURCE_DIR};NOETL_BINARY=$<TARGET_FILE:noetl>")
endfunction()

# noetl_failing_memory(NAME)
#
# Memory may run out in the test NAME when it wants: tests/support/failing_memory.h.
function(noetl_failing_memory name)
  target_sources(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/support/failing_memory.c)
  foreach(function malloc calloc realloc free arena_alloc arena_zalloc arena_strdup arena_printf)
    target_link_options(test_${name} PRIVATE -Wl,--wrap=${function})
  endforeach()
endfunction()

# noetl_fuzz(NAME SOURCES a.c ... [ROOMS core ...] [SEEDS folder])
#
# A libFuzzer program fuzz_NAME, built only with NOETL_FUZZ, and clang, and best with NOETL_SANITIZE=address,undefined:
#   tests/fuzz/fuzz_NAME -max_total_time=180 /tmp/found tests/fuzz/seeds/NAME
# SEEDS are inputs to start from; the target `fuzzers` builds all of these programs.
function(noetl_fuzz name)
  cmake_parse_arguments(FUZZ "" "SEEDS" "SOURCES;ROOMS" ${ARGN})
  if(NOT NOETL_FUZZ)
    return()
  endif()
  add_executable(fuzz_${name} ${FUZZ_SOURCES})
  foreach(room IN LISTS FUZZ_ROOMS)
    target_link_libraries(fuzz_${name} PRIVATE room_${room})
  endforeach()
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  if(NOT TARGET fuzzers)
    add_custom_target(fuzzers)
  endif()
  add_dependencies(fuzzers fuzz_${name})
  if(FUZZ_SEEDS)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/seeds)
    file(CREATE_LINK ${FUZZ_SEEDS} ${CMAKE_CURRENT_BINARY_DIR}/seeds/${name} SYMBOLIC)
  endif()
endfunction()
